import { afterEach, describe, expect, test, vi } from 'vitest';
import { languageNames } from '../../src/messages/index.ts';
import { problems } from '../../src/messages/passkey/index.ts';
import { all, api, find, show, text } from './browser.ts';

const options = { challenge: 'AAAA', what: 'the page does not know' };
const login = {
  page: 'login', action: `${api}/login`, request: 'sealed', request_id: 'r-1', client: { name: 'JupyterHub' }, passkey: options,
};
const account = {
  page: 'account', user: { username: 'alice' }, request: 'sealed', request_id: 'r-1', scopes: ['openid'], days: [7],
  action: `${api}/account/tokens`, revoke_action: `${api}/account/tokens/revoke`, logout_action: `${api}/logout`,
  password_action: `${api}/account/password`, end_session_action: `${api}/account/sessions/end`,
  withdraw_action: `${api}/account/consents/withdraw`, accounts_action: `${api}/account/linked`, profile_action: `${api}/account/profile`,
  data_action: `${api}/account/data`,
  add_passkey_action: `${api}/account/passkeys`, rename_passkey_action: `${api}/account/passkeys/rename`,
  remove_passkey_action: `${api}/account/passkeys/remove`, totp_action: `${api}/account/totp`,
  passkeys: [{ id: 'k1', name: 'My phone', synced: true, created_at: '2026-11-20T09:00:00Z' }],
};
const answered = { id: 'k1', toJSON: () => ({ id: 'k1', also: 'unknown' }) };

/** A browser with passkeys, which does `get` or `create` when it is asked; in the field nothing is ever chosen. */
function browserWith(ceremony: (options: unknown) => Promise<unknown>) {
  vi.stubGlobal('PublicKeyCredential', {
    parseRequestOptionsFromJSON: (given: object) => ({ parsed: given }),
    parseCreationOptionsFromJSON: (given: object) => ({ parsed: given }),
    isConditionalMediationAvailable: async () => true, isUserVerifyingPlatformAuthenticatorAvailable: async () => true,
    signalUnknownCredential: vi.fn(async () => undefined), signalAllAcceptedCredentials: vi.fn(async () => undefined),
  });
  const ask = vi.fn((asked: { mediation?: string }) => (asked.mediation ? new Promise(() => {}) : ceremony(asked)));
  Object.defineProperty(navigator, 'credentials', { value: { get: ask, create: ask }, configurable: true });
  return ask;
}
const refuse = (name: string) => async () => { throw new DOMException('', name); };
afterEach(() => vi.unstubAllGlobals());

describe('signing in', () => {
  test('is offered only where the browser can, and the password form is the same', async () => {
    await show(login);
    expect(all('button[name=passkey]')).toEqual([]);
    browserWith(async () => answered);
    await show(login);
    expect(text('button[name=passkey]')).toBe('Sign in with a passkey');
    expect(find('input[name=username]').getAttribute('autocomplete')).toBe('username webauthn');
    expect(document.activeElement).toBe(find('input[name=username]'));
    await show({ ...login, passkey: undefined });
    expect(all('button[name=passkey]')).toEqual([]);
    expect(find('input[name=username]').getAttribute('autocomplete')).toBe('username');
  });

  test('hands the options through as they are, and posts what the browser answers', async () => {
    const ask = browserWith(async () => answered);
    await show(login);
    const form = find<HTMLFormElement>('form:has(button[name=passkey])');
    const submitted = vi.fn((event: Event) => event.preventDefault());
    form.addEventListener('submit', submitted);
    await vi.waitUntil(() => ask.mock.calls.length === 1);
    expect(ask.mock.calls[0]![0]).toMatchObject({ mediation: 'conditional', publicKey: { parsed: options } });
    find('button[name=passkey]').click();
    await vi.waitUntil(() => submitted.mock.calls.length === 1);
    expect(ask.mock.calls[1]![0]).toMatchObject({ publicKey: { parsed: options } });
    expect((ask.mock.calls[0]![0] as { signal: AbortSignal }).signal.aborted).toBe(true);
    expect(form.getAttribute('action')).toBe(`${api}/login`);
    expect([...new FormData(form)].map(([name, value]) => `${name}=${value}`)).toEqual(
      ['request=sealed', 'method=passkey', 'credential={"id":"k1","also":"unknown"}']);
  });

  test('says in words what did not work, and lets people try again', async () => {
    for (const [name, words] of [['NotAllowedError', 'cancelled'], ['SecurityError', 'failed']] as const) {
      const ask = browserWith(refuse(name));
      await show(login);
      find('button[name=passkey]').click();
      await vi.waitUntil(() => all('[role=alert]').length === 1);
      expect(text('[role=alert]')).toBe(problems.en[words]);
      const before = ask.mock.calls.length;
      find('button[name=passkey]').click();
      expect(ask.mock.calls.length).toBe(before + 1);
    }
    await show({ ...login, error: { code: 'passkey_unknown' }, unknown_passkey: options });
    await vi.waitUntil(() => all('[role=alert]').length === 1);
    expect(text('[role=alert]')).toBe(problems.en.passkey_unknown);
    expect(all('[aria-invalid]')).toEqual([]);
  });

  test('stops asking when the password is sent', async () => {
    const ask = browserWith(async () => answered);
    await show(login);
    await vi.waitUntil(() => ask.mock.calls.length === 1);
    const form = find<HTMLFormElement>('form:has(input[name=password])');
    form.addEventListener('submit', (event) => event.preventDefault());
    form.dispatchEvent(new SubmitEvent('submit', { bubbles: true, cancelable: true }));
    expect((ask.mock.calls[0]![0] as { signal: AbortSignal }).signal.aborted).toBe(true);
  });
});

describe('the account page', () => {
  test('lists them with what changes each, and says where the browser makes none', async () => {
    await show(account);
    expect(text('section:has(#passkeys)')).toContain('My phone');
    expect(text('section:has(#passkeys)')).toContain('This browser cannot make passkeys.');
    expect(all('button[name=add][value=passkey]')).toEqual([]);
    expect(find<HTMLInputElement>('input[name=name]').value).toBe('My phone');
    expect(find('button[name=passkey]').getAttribute('value')).toBe('k1');
  });

  test('makes one at once, or posts where a sign-in has to come first', async () => {
    const ask = browserWith(refuse('InvalidStateError'));
    await show({ ...account, passkey_options: options });
    find('button[name=add][value=passkey]').click();
    await vi.waitUntil(() => all('[role=alert]').length === 1);
    expect(text('[role=alert]')).toBe(problems.en.exists);
    expect(ask.mock.calls[0]![0]).toMatchObject({ publicKey: { parsed: options } });
    await show(account);
    const submitted = vi.fn((event: Event) => event.preventDefault());
    find<HTMLFormElement>('form:has(button[name=add])').addEventListener('submit', submitted);
    find('button[name=add][value=passkey]').click();
    expect(submitted).toHaveBeenCalledOnce();
  });
});

test('what is said of a passkey is said in every language', () => {
  for (const language of languageNames) {
    expect(Object.keys(problems[language])).toEqual(Object.keys(problems.en));
    for (const [code, words] of Object.entries(problems[language])) {
      if (language !== 'en') expect(words, code).not.toBe(problems.en[code as keyof typeof problems.en]);
      if (language === 'fr') expect(words, code).not.toMatch(/ [:;?!»]|« /);
    }
  }
});
