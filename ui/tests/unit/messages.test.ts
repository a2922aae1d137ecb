import { describe, expect, test } from 'vitest';
import { languageNames, messages as ofAll, type Language } from '../../src/messages/index.ts';
import { own, type AllMessages } from '../../src/messages/own/index.ts';

const messages = Object.fromEntries(languageNames.map((name) => [name, { ...ofAll[name], ...own[name] }])) as Record<Language, AllMessages>;

// The codes of the contract between the API and the UI.
const loginCodes = [
  'invalid_credentials', 'too_many_attempts', 'temporarily_unavailable',
  'upstream_denied', 'upstream_failed', 'upstream_unavailable', 'upstream_unknown_account',
  'account_disabled', 'upstream_account_disabled',
];
const deviceCodes = ['unknown_user_code', 'too_many_attempts', 'temporarily_unavailable'];
const accountCodes = ['invalid_token_name', 'too_many_tokens', 'temporarily_unavailable'];
const errorCodes = [
  'unknown_client', 'redirect_uri_missing', 'invalid_redirect_uri', 'invalid_request', 'invalid_request_uri',
  'request_uri_unregistered', 'request_uri_of_another_client', 'request_expired', 'request_altered',
  'request_from_another_browser', 'origin_refused', 'temporarily_unavailable', 'server_error', 'access_denied', 'expired_token',
  'not_found',
];
const scopes = ['openid', 'profile', 'email', 'address', 'phone', 'groups', 'posix', 'voperson_policy_agreement', 'offline_access'];

/** Every text of a language by its path, with something filled in where it asks for it. */
function texts(messages: object, path = ''): [string, string][] {
  return Object.entries(messages).flatMap(([key, said]): [string, string][] => {
    const value = typeof said === 'function' ? said('FILLED', 'FILLED') : said;
    return typeof value === 'object' ? texts(value, `${path}${key}.`) : [[path + key, value]];
  });
}

describe.each(languageNames)('%s', (language) => {
  test('has words for every code and scope', () => {
    const t = messages[language];
    expect(Object.keys(t.login.errors)).toEqual(expect.arrayContaining(loginCodes));
    expect(Object.keys(t.device.errors)).toEqual(expect.arrayContaining(deviceCodes));
    expect(Object.keys(t.account.errors)).toEqual(expect.arrayContaining(accountCodes));
    expect(Object.keys(t.error.texts)).toEqual(expect.arrayContaining(errorCodes));
    expect(Object.keys(t.consent.scopes)).toEqual(scopes);
    expect(Object.keys(t.account.scopes)).toEqual([...scopes.slice(0, 6), 'admin.read', 'admin.write']);
  });

  test('has the texts of English, none empty, and fills in what English fills in', () => {
    const own = texts(messages[language]);
    const english = texts(messages.en);
    expect(own.map(([path]) => path)).toEqual(english.map(([path]) => path));
    for (const [index, [path, value]] of own.entries()) {
      expect(value.trim(), path).toMatch(/\S/);
      expect(value.includes('FILLED'), path).toBe(english[index]![1].includes('FILLED'));
    }
  });

  test('has no sign of French alone at the end or start of a line', () => {
    if (language !== 'fr') return;
    for (const [path, value] of texts(messages.fr)) expect(value, path).not.toMatch(/ [:;?!»]|« /);
  });

  test('differs from English', () => {
    if (language === 'en') return;
    const english = new Map(texts(messages.en));
    expect(texts(messages[language]).filter(([path, value]) => english.get(path) === value)).toEqual([]);
  });
});
