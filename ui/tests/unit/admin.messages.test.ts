import { describe, expect, test } from 'vitest';
import { messages } from '../../src/admin/messages/index.ts';
import { languageNames } from '../../src/messages/index.ts';

/** Every text of a language by its path, with something filled in where it asks for it: one, and several. */
function texts(of: object, path = ''): [string, string][] {
  return Object.entries(of).flatMap(([key, value]): [string, string][] => {
    if (typeof value === 'object') return texts(value, `${path}${key}.`);
    if (typeof value === 'string') return [[path + key, value]];
    return ['7', 1, 7].map((filled) => [`${path}${key}`, filledIn(value, filled)]);
  });
}

/** A text of one value, or of a list of them. */
const filledIn = (text: (...values: unknown[]) => string, value: unknown) =>
  text.toString().includes('.join(') ? text([value]) : text(value, value);

/** What is the same word in two languages. */
const same = /^fr\.(title|menu|pages\.(applications|invitations|services)|ends\.sessions)$/;

describe.each(languageNames)('%s', (language) => {
  test('has the texts of the pages for administrators, none empty', () => {
    expect(texts(messages[language]).map(([path]) => path)).toEqual(texts(messages.en).map(([path]) => path));
    for (const [path, value] of texts(messages[language])) expect(value.trim(), path).toMatch(/\S/);
  });

  test('has no sign of French alone at the end or start of a line', () => {
    if (language !== 'fr') return;
    for (const [path, value] of texts(messages.fr)) expect(value, path).not.toMatch(/ [:;?!»]|« /);
  });

  test('differs from English', () => {
    if (language === 'en') return;
    const english = new Map(texts(messages.en));
    const alike = texts(messages[language]).filter(([path, value]) => english.get(path) === value && !same.test(`${language}.${path}`));
    expect(alike).toEqual([]);
  });
});
