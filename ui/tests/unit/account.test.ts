import { describe, expect, test, vi } from 'vitest';
import { markOf } from '../../src/components/Mark.svelte';
import { tidy } from '../../src/lib/usercode.ts';
import { all, api, fields, find, open, show, text } from './browser.ts';

const client = { name: 'JupyterHub', uri: 'https://hub.example.org' };
const user = { username: 'alice', name: 'Alice Example' };
const login = { page: 'login', request: 'sealed', action: `${api}/login`, client };
const upstreams = { upstreams: [{ name: 'google', display_name: 'Google' }], upstream_action: `${api}/login/upstream` };
const account = {
  page: 'account', request: 'sealed', user, scopes: ['openid', 'profile', 'email', 'groups'], days: [7, 30, 90, 365], tokens: [],
  action: `${api}/account/tokens`, revoke_action: `${api}/account/tokens/revoke`, logout_action: `${api}/logout`,
  totp_action: `${api}/account/totp`, request_id: 'r-1',
  password_action: `${api}/account/password`, end_session_action: `${api}/account/sessions/end`,
  add_passkey_action: `${api}/account/passkeys`, rename_passkey_action: `${api}/account/passkeys/rename`,
  remove_passkey_action: `${api}/account/passkeys/remove`,
  withdraw_action: `${api}/account/consents/withdraw`, accounts_action: `${api}/account/linked`, profile_action: `${api}/account/profile`,
  data_action: `${api}/account/data`,
};
const token = {
  id: 't1', name: 'My laptop', scopes: ['openid', 'email'], created_at: '2026-11-20T12:00:00Z', expires_at: '2126-02-18T12:00:00Z',
};

test('a provider that everybody knows is known by its issuer, and by nothing that looks like it', () => {
  const issuers = {
    'https://accounts.google.com': 'google', 'https://github.com': 'github',
    'https://orcid.org': 'orcid', 'https://sandbox.orcid.org': 'orcid',
    'https://login.microsoftonline.com/common/v2.0': 'microsoft', 'https://sts.windows.net/72f988bf/': 'microsoft',
    'https://accounts.google.com.example.org': undefined, 'https://notgithub.com': undefined, 'https://example.org/github.com': undefined,
    'https://github.com@example.org': undefined,
    'javascript:github.com': undefined, '': undefined,
  };
  for (const [issuer, mark] of Object.entries(issuers)) expect(markOf(issuer), issuer).toBe(mark);
});

describe('login with upstreams', () => {
  test('has the password’s button first, then one for each upstream in a form of their own', async () => {
    await show({ ...login, ...upstreams });
    expect(all('button[type=submit]').map((button) => button.textContent.trim())).toEqual(['Sign in', 'Continue with Google']);
    const form = find('button[name=upstream]').closest('form')!;
    expect([form.getAttribute('action'), form.getAttribute('method')]).toEqual([`${api}/login/upstream`, 'post']);
    const sent = new FormData(form, find<HTMLButtonElement>('button[name=upstream]'));
    expect([...sent]).toEqual([['request', 'sealed'], ['upstream', 'google']]);
  });

  test('has no button where there is none to press, or nowhere to send it', async () => {
    for (const answer of [{ ...upstreams, upstreams: [] }, { ...upstreams, upstream_action: undefined }]) {
      await show({ ...login, ...answer });
      expect(all('form')).toHaveLength(1);
    }
  });

  test('says what an upstream did, by its name', async () => {
    await show({ ...login, ...upstreams, error: { code: 'upstream_unavailable', upstream: 'Google' } });
    expect(text('[role=alert]')).toContain('Google does not answer right now.');
    expect(all('[aria-invalid]')).toEqual([]);
  });

  test('says that an account elsewhere waits to be connected, and reads it with the first field', async () => {
    await show({ ...login, link: { upstream: 'Google', account: 'alice@gmail.example' } });
    expect(text('#link')).toBe('Signed in with Google: alice@gmail.example. That is not connected to an account here yet. '
      + 'Sign in once with your password to connect it.');
    expect(find('#username').getAttribute('aria-describedby')).toBe('link');
    expect(all('[role=alert]')).toEqual([]);
  });

  test('without a client it is about the place itself', async () => {
    await show({ ...login, client: undefined });
    expect(text('h1')).toBe('Sign in to Campus');
    expect(text('.subtitle')).toBe('to manage your account');
  });
});

describe('device', () => {
  test('is there without a request, asks the API nothing, and posts the code alone', async () => {
    const { asked } = await open('/device', {});
    expect(asked).toEqual(['/config.json']);
    expect(find('form').getAttribute('action')).toBe(`${api}/device`);
    expect(fields('button[type=submit]')).toEqual(['user_code=']);
    expect(document.activeElement).toBe(find('input[name=user_code]'));
    expect(find('#user-code').getAttribute('aria-describedby')).toBe('device-care');
  });

  test('fills in the code of the address', async () => {
    await open('/device/?user_code=wdjb%20mjht', {});
    expect(find<HTMLInputElement>('#user-code').value).toBe('WDJB-MJHT');
  });

  test('keeps a code that is not known, and says so', async () => {
    const error = { code: 'unknown_user_code' };
    await show({ page: 'device', action: `${api}/device`, user_code: 'WDJB-MJHT', error, request_id: 'r-1' });
    expect(find<HTMLInputElement>('#user-code').value).toBe('WDJB-MJHT');
    expect(find('#user-code').getAttribute('aria-describedby')).toContain(find('[role=alert]').id);
    expect(text()).toContain('Request ID r-1');
  });

  test.each([
    ['wdjbmjht', 'WDJB-MJHT'], ['WDJB–MJHT', 'WDJB-MJHT'], [' w d j b . m j h t ', 'WDJB-MJHT'],
    ['1234', '1234'], ['', ''], [' what? ', 'what?'],
  ])('takes %j for %j', (typed, code) => expect(tidy(typed)).toBe(code));

  test('its consent shows the code and does not speak of going back', async () => {
    await show({ page: 'consent', request: 'sealed', action: `${api}/consent`, client, user, scopes: ['openid'], user_code: 'WDJB-MJHT' });
    expect(text('strong')).toBe('WDJB-MJHT');
    expect(text()).toContain('only if you started this yourself');
    expect(text()).not.toContain('go back to JupyterHub');
  });

  test('is done, one way or the other', async () => {
    await show({ page: 'device_done', client, allowed: true });
    expect(text('h1')).toBe('Go back to your device');
    await show({ page: 'device_done', client, allowed: false });
    expect(text('h1')).toBe('Nothing was connected');
  });
});

describe('account', () => {
  test('lists tokens in words, with a button that revokes each', async () => {
    const old = { ...token, id: 't2', name: 'Old', expires_at: '2026-01-01T12:00:00Z', used_at: '2025-12-24T12:00:00Z' };
    await show({ ...account, tokens: [token, old] });
    const [one, other] = all('section li').map((li) => li.textContent.replace(/\s+/g, ' '));
    expect(one).toContain('My laptop May see which account is yours and your email address');
    expect(one).toContain('Expires 18 Feb 2126 Created 20 Nov 2026 Never used');
    expect(other).toContain('Expired 1 Jan 2026 Created 20 Nov 2026 Last used 24 Dec 2025');
    expect(find('[aria-labelledby=tokens] form').getAttribute('action')).toBe(`${api}/account/tokens/revoke`);
    expect(fields('button[value=t2]')).toEqual(['request=sealed', 'revoke=t2']);
    expect(all('details[open]')).toEqual([]);
  });

  test('says that there is none, and makes one', async () => {
    await show(account);
    expect(text()).toContain('You have no tokens.');
    expect(find('[aria-labelledby=tokens] form').getAttribute('action')).toBe(`${api}/account/tokens`);
    expect(fields('[aria-labelledby=tokens] button[type=submit]')).toEqual(['request=sealed', 'name=', 'scope=openid', 'days=30']);
    expect(all('main option').map((option) => option.textContent)).toEqual(['7 days', '30 days', '90 days', '365 days']);
    expect(find('a').getAttribute('href')).toBe(`${api}/logout`);
  });

  test('says beside the name what is wrong with it, and above what is not about the form', async () => {
    await show({ ...account, error: { code: 'invalid_token_name' } });
    expect(all('form [role=alert]')).toHaveLength(1);
    expect(document.activeElement).toBe(find('#token-name'));
    await show({ ...account, error: { code: 'too_many_tokens' } });
    expect(all('form [role=alert]')).toEqual([]);
    expect(text('[role=alert]')).toContain('Revoke one');
  });

  test('says that a token was revoked, where a screen reader begins', async () => {
    await show({ ...account, revoked: 'My <laptop>' });
    expect(document.activeElement!.textContent.trim()).toBe('Revoked: “My <laptop>”. Programs that used it have no access any more.');
    expect(all('main [role=alert]')).toEqual([]);
  });

  test('does not keep a token for whoever comes back to the page', async () => {
    await show({ ...account, token: { name: 'My laptop', value: 'gatehouse_pat_x' } });
    window.dispatchEvent(new Event('pagehide'));
    await vi.waitUntil(() => all('#token-value').length === 0);
    expect(text('h1')).toBe('Your account');
  });

  test('where there is no clipboard, selects the token and says what to do', async () => {
    vi.stubGlobal('navigator', Object.create(navigator, { clipboard: { value: undefined } }));
    await show({ ...account, token: { name: 'My laptop', value: 'gatehouse_pat_x' } });
    const field = find<HTMLTextAreaElement>('#token-value');
    expect([field.value, field.readOnly, document.activeElement]).toEqual(['gatehouse_pat_x', true, field]);
    find('button.button').click();
    await vi.waitUntil(() => text('section [role=status]').startsWith('Copying was not possible.'));
    expect([field.selectionStart, field.selectionEnd]).toEqual([0, field.value.length]);
    vi.unstubAllGlobals();
  });
});

describe('what the API must not make these pages do', () => {
  test.each(['https://elsewhere.example.org/x', `${api}.elsewhere.example.org/`, 'javascript:alert(1)', '/x', 7, null])(
    'a form or a link to %s is refused', async (address) => {
      const answers = [
        { ...login, ...upstreams, upstream_action: address }, { page: 'device', action: address },
        ...['action', 'revoke_action', 'logout_action'].map((name) => ({ ...account, [name]: address })),
      ];
      for (const answer of answers) {
        await show(answer);
        expect(text('h1')).toBe('This page stopped itself');
        expect(all('form, input, a, button')).toEqual([]);
      }
    },
  );
});

describe('where the person is signed in', () => {
  const sessions = [
    { id: 's1', current: true, browser: 'Safari', system: 'iOS', auth_time: '2026-11-29T08:00:00Z', seen_at: '2026-11-29T09:00:00Z' },
    { id: 's2', browser: 'Firefox', addr: '192.0.2.17', auth_time: '2026-11-28T08:00:00Z', seen_at: '2026-11-28T20:00:00Z' },
    { id: 's3', auth_time: '2026-11-27T08:00:00Z', seen_at: '2026-11-27T08:00:00Z' },
  ];

  test('has a button for each other session, and one for all of them', async () => {
    await show({ ...account, sessions });
    expect(all('button[name=end_session]').map((button) => button.getAttribute('value'))).toEqual(['s2', 's3', 'others']);
    expect(all('button[name=end_session]')[0]!.getAttribute('aria-label')).toBe('Sign out: Firefox');
    const form = find('button[name=end_session]').closest('form')!;
    expect([form.getAttribute('action'), form.getAttribute('method')]).toEqual([`${api}/account/sessions/end`, 'post']);
    expect(text()).toContain('Safari on iOS This browser');
    expect(text()).toContain('from 192.0.2.17');
    expect(text()).toContain('Unknown browser');
  });

  test('has none where this is the only one, and says what was ended', async () => {
    await show({ ...account, sessions: sessions.slice(0, 1), done: 'session_ended' });
    expect(all('button[name=end_session]')).toEqual([]);
    expect(text()).toContain('You are signed out there.');
  });
});
