import { describe, expect, test } from 'vitest';
import { changed, fieldsOf, hintOf, labelOf, read, written, type Field, type OpenAPI } from '../../src/admin/lib/fields.ts';

const document = { paths: { '/x': { patch: { operationId: 'x', summary: '', tags: [], requestBody: { content: { json: { schema: {
  required: ['key'], properties: {
    list: { type: ['array', 'null'], items: { type: 'string' } }, text: { type: ['string', 'null'] }, key: { type: 'string' },
    many: { type: ['integer', 'null'] }, is: { type: ['boolean', 'null'] }, any: {}, map: { type: 'object' },
    at: { type: ['string', 'null'], format: 'date-time' }, password: { type: 'string' },
  } } } } } } } }, components: { schemas: {} } } as unknown as OpenAPI;

test('every member of the body has a field of its kind, those that are named first', () => {
  const fields = fieldsOf(document, 'patch', '/x', ['key', 'text']);
  expect(fields.map(({ name, kind }) => `${name} ${kind}`)).toEqual(['key text', 'text text', 'list list', 'many integer', 'is boolean',
    'any json', 'map json', 'at time', 'password password']);
  expect(fields[0]).toMatchObject({ required: true, optional: false });
});

describe('a value', () => {
  const of = (kind: Field['kind']): Field => ({ name: 'x', kind });
  test.each([
    ['text', 'a b', 'a b'], ['list', ['a', 'b'], 'a\nb'], ['integer', 12, '12'], ['boolean', true, true],
    ['json', { a: 1 }, '{\n  "a": 1\n}'],
  ] as const)('as %s is what it was when it is read again', (kind, value, shown) => {
    expect(written(of(kind), value)).toBe(shown);
    expect(read(of(kind), shown)).toEqual(value);
  });

  test('that is cleared is null, of a list nothing', () => {
    expect([read(of('text'), ' '), read(of('list'), ' \n'), read(of('integer'), ''), read(of('json'), '')]).toEqual([null, [], null, null]);
  });

  test('that cannot be read is refused, and not sent', () => {
    for (const [kind, text] of [['json', '{'], ['integer', '1.5'], ['integer', 'x']] as const) {
      expect(() => read(of(kind), text)).toThrow(SyntaxError);
    }
  });
});

test('only what differs is sent', () => {
  const fields: Field[] = [{ name: 'a', kind: 'text' }, { name: 'b', kind: 'text' }, { name: 'c', kind: 'boolean' }];
  expect(changed(fields, { a: '1', b: '2', c: false }, { a: '1', b: '', c: true })).toEqual({ b: null, c: true });
});

describe('a hint', () => {
  const english = { columns: { family_name: 'Surname', name: 'Full name', open_to: 'Which clients may name it' },
    columnsOf: { upstreams: { client_id: 'Our client ID there' } } };
  const of = (name: string, help: string, more: Partial<Field> = {}) => hintOf({ name, kind: 'text', help, ...more }, english);
  test.each<[string, string, Partial<Field>?]>([
    ['family_name', 'Surname.'], ['open_to', 'Which clients may name it (listed, registered).', { options: ['listed', 'registered'] }],
    ['client_id', 'Ours there.', { noun: 'upstreams' }], ['email_domains', 'All; may be repeated.'],
  ])('of %s that repeats its label is none', (name, help, more) => { expect(of(name, help, more)).toBe(''); });

  test('says what the label does not, and nothing of flags', () => {
    expect(of('name', 'What people call them, such as Ada.')).toBe('What people call them, such as Ada.');
    expect(of('mfa_values', 'All acr and amr there; may be repeated.')).toBe('All acr and amr there.');
  });
});

test('a label is that of its table, before that of all', () => {
  const words = { columns: { name: 'Full name' }, columnsOf: { groups: { name: 'Name' } } };
  expect([labelOf({ name: 'name', noun: 'groups' }, words), labelOf({ name: 'name', noun: 'users' }, words),
    labelOf({ name: 'x', noun: 'groups' }, words)]).toEqual(['Name', 'Full name', undefined]);
});
