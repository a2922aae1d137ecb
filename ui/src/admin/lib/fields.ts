/** Fields of forms: made of what openapi.json says of an operation's body, so that no column is missing here that the API has. */
export interface Field {
  name: string;
  /** Whose column it is, such as users: one name may mean something else there. */
  noun?: string;
  kind: 'text' | 'integer' | 'boolean' | 'list' | 'json' | 'time' | 'password';
  help?: string;
  options?: string[];
  required?: boolean;
  /** Whether it can be cleared. */
  optional?: boolean;
}

export interface Schema {
  type?: string | string[];
  format?: string;
  description?: string;
  enum?: string[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  $ref?: string;
  allOf?: Schema[];
}
export interface Operation {
  operationId: string;
  summary: string;
  tags: string[];
  parameters?: { name: string; in: string; required?: boolean; description?: string; schema: Schema }[];
  requestBody?: { content: Record<string, { schema: Schema }> };
}
export interface OpenAPI {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

/** The fields of an operation's body: those that are named first, then all others. */
export function fieldsOf(document: OpenAPI, method: string, path: string, first: string[] = []): Field[] {
  const content = document.paths[path]![method]!.requestBody?.content ?? {};
  const { properties = {}, required = [] } = Object.values(content)[0]?.schema ?? {};
  const place = (name: string) => (first.includes(name) ? first.indexOf(name) : first.length);
  return Object.entries(properties).map(([name, schema]) => ({
    name, noun: nounOf(path), kind: kindOf(name, schema), help: schema.description, options: schema.enum,
    required: required.includes(name), optional: !required.includes(name),
  })).sort((a, b) => place(a.name) - place(b.name));
}

/** The fields of an operation's address: of its path, and of its query but for how it is run. */
export const parametersOf = (document: OpenAPI, method: string, path: string): Field[] =>
  (document.paths[path]![method]!.parameters ?? [])
    .filter((one) => one.in !== 'header' && !['dry_run', 'declared_anyway'].includes(one.name))
    .map(({ name, schema, description, required }) => ({
      name, noun: nounOf(path), kind: kindOf(name, schema), help: description ?? schema.description, options: schema.enum, required,
      optional: !required,
    }));

const nounOf = (path: string) => path.split('/')[1];

function kindOf(name: string, { type, format }: Schema): Field['kind'] {
  const types = [type ?? 'object'].flat();
  if (types.includes('boolean')) return 'boolean';
  if (types.includes('integer')) return 'integer';
  if (types.includes('array')) return 'list';
  if (format === 'date-time') return 'time';
  if (types.includes('string')) return /^(password|client_secret)$/.test(name) ? 'password' : 'text';
  return 'json';
}

type Words = Record<string, string>;
/** What columns are called: `columns` everywhere, `columnsOf` in one table. */
export interface ColumnWords { columns: Words; columnsOf: Record<string, Words> }

/** What a column is called; undefined where only its name says so. */
export function labelOf({ name, noun = '' }: Pick<Field, 'name' | 'noun'>, { columns, columnsOf }: ColumnWords): string | undefined {
  const own = Object.hasOwn(columnsOf, noun) ? columnsOf[noun]! : {};
  return [own, columns].find((words) => Object.hasOwn(words, name))?.[name];
}

const small = new Set('a an the of that they are is in to be it its for what whose theirs user s our ours all shown may'.split(' '));
/** What is said of flags of the command line alone. */
const ofFlags = /(?:^All|;)?\s*\bmay be repeated\b| or a file with one/gi;

/** What the API says of a column, in English, beyond what its label there says already. */
export function hintOf(field: Field, english: ColumnWords): string {
  const words = (text: string) => text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  const label = new Set(words([labelOf(field, english), field.name.replaceAll('_', ' '), ...field.options ?? []].join(' ')));
  const help = (field.help ?? '').replaceAll(ofFlags, '').replace(/^[\s.;]+/, '');
  return words(help).every((word) => small.has(word) || label.has(word)) ? '' : help;
}

/** A value as it stands in its field. */
export function written(field: Field, value: unknown): string | boolean {
  if (field.kind === 'boolean') return value === true;
  if (value === undefined || value === null) return '';
  if (field.kind === 'list') return (value as string[]).join('\n');
  if (field.kind === 'json') return JSON.stringify(value, null, 2);
  return String(value);
}

/** What stands in a field as the API takes it; null clears. Throws a SyntaxError where it is no JSON, or no number. */
export function read(field: Field, text: string | boolean): unknown {
  if (typeof text === 'boolean') return text;
  if (field.kind === 'list') return text.split('\n').map((line) => line.trim()).filter(Boolean);
  if (field.kind === 'password') return text || null;
  const trimmed = text.trim();
  if (trimmed === '') return null;
  if (field.kind === 'json') return JSON.parse(trimmed);
  if (field.kind !== 'integer') return trimmed;
  if (!/^-?\d+$/.test(trimmed)) throw new SyntaxError(`${field.name}: ${trimmed}`);
  return Number(trimmed);
}

export type Values = Record<string, string | boolean>;

/** The fields whose values are others than those of the row, for a merge patch (RFC 7396). */
export function changed(fields: Field[], before: Values, after: Values): Record<string, unknown> {
  const differ = fields.filter(({ name }) => before[name] !== after[name]);
  return Object.fromEntries(differ.map((field) => [field.name, read(field, after[field.name]!)]));
}
