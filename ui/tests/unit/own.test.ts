import { describe, expect, test } from 'vitest';
import { all, api, fields, find, show, text } from './browser.ts';

const account = {
  page: 'account', request: 'sealed', user: { username: 'alice', name: 'Alice Example' }, scopes: ['openid'], days: [7], tokens: [],
  action: `${api}/account/tokens`, revoke_action: `${api}/account/tokens/revoke`, logout_action: `${api}/logout`, request_id: 'r-1',
  password_action: `${api}/account/password`, end_session_action: `${api}/account/sessions/end`,
  withdraw_action: `${api}/account/consents/withdraw`, accounts_action: `${api}/account/linked`, profile_action: `${api}/account/profile`,
  data_action: `${api}/account/data`, totp_action: `${api}/account/totp`, add_passkey_action: `${api}/account/passkeys`,
  rename_passkey_action: `${api}/account/passkeys/rename`, remove_passkey_action: `${api}/account/passkeys/remove`,
};
const section = (id: string) => find(`section[aria-labelledby=${id}]`);
const about = { name: '', given_name: 'Alice', family_name: 'Example', locale: 'de-CH', email: 'alice@example.org', groups: ['physics'] };

test('what there is nothing of has no section, and none is listed', async () => {
  await show(account);
  expect(all('section').map((one) => one.getAttribute('aria-labelledby'))).toEqual(['passkeys', 'codes', 'tokens', 'data']);
  expect(all('nav a').map((link) => link.getAttribute('href'))).toEqual(['#passkeys', '#codes', '#tokens', '#data']);
});

describe('applications', () => {
  test('lead to where they are, and nowhere that is no page', async () => {
    await show({
      ...account, applications: [{ name: 'Hub', href: 'https://hub.example.org/' }, { name: 'X', href: 'javascript:alert(1)' }],
    });
    expect(all('section[aria-labelledby=applications] a').map((link) => link.getAttribute('href'))).toEqual(['https://hub.example.org/']);
  });

  test('that nobody checked say so, with their host', async () => {
    await show({
      ...account, applications: [{ name: 'Viewer', uri: 'https://v.example.org', unchecked: true, href: 'https://v.example.org/' }],
    });
    expect(section('applications').textContent).toContain('v.example.org · not checked by anyone here');
  });
});

describe('recent sign-ins', () => {
  const signIn = { id: 's1', at: '2026-11-29T08:00:00Z', outcome: 'signed_in', browser: 'Firefox', system: 'Linux', addr: '192.0.2.17' };

  test('say in words what happened, at which application and from where', async () => {
    await show({ ...account, sign_ins: [
      signIn, { ...signIn, id: 's2', outcome: 'failed', why: 'wrong_password', client: { name: 'JupyterHub' } },
      { ...signIn, id: 's3', outcome: 'failed', why: 'something new', client: { name: 'A stranger', unchecked: true } },
    ] });
    const lines = all('section[aria-labelledby=sign-ins] li').map((li) => li.textContent.replace(/\s+/g, ' '));
    expect(lines[0]).toMatch(/Signed in .*Your account.*Firefox on Linux from 192\.0\.2\.17/);
    expect(lines[1]).toMatch(/Wrong password .*JupyterHub/);
    expect(lines[2]).toMatch(/Did not succeed .*A stranger \(not checked by anyone here\)/);
    expect(section('sign-ins').querySelector('details')).toBe(null);
  });

  test('are five, and the others one press away', async () => {
    await show({ ...account, sign_ins: Array.from({ length: 12 }, (_, i) => ({ ...signIn, id: `s${i}` })) });
    expect(section('sign-ins').querySelectorAll('details li')).toHaveLength(7);
    expect(section('sign-ins').querySelector('details[open]')).toBe(null);
  });
});

describe('what may use the person’s data', () => {
  test('is said in words, and withdrawn by a button that names it', async () => {
    await show({ ...account, allowed: [{
      id: 'viewer', client: { name: 'Viewer' }, scopes: ['email', 'offline_access', 'archive:read', 'x:y'],
      scope_words: { 'archive:read': 'Read the archive' }, services: ['Archive'], since: '2026-11-01T12:00:00Z',
    }] });
    expect(section('allowed').textContent.replace(/\s+/g, ' ')).toMatch(
      /Viewer May see your email address.*Read the archive.*Use x:y.*Use Archive in your name.*while you are away.*Since 1 Nov 2026/);
    expect(fields('button[name=withdraw]')).toEqual(['request=sealed', 'withdraw=viewer']);
    expect(find('button[name=withdraw]').getAttribute('aria-label')).toBe('Remove the access of Viewer');
  });
});

describe('linked accounts', () => {
  const google = { upstream: 'google', display_name: 'Google', account: 'a@gmail.example', linked_at: '2026-11-01T12:00:00Z' };

  test('can be unlinked, and others linked', async () => {
    await show({ ...account, linked: [google], more: [{ name: 'github', display_name: 'GitHub' }] });
    expect(fields('button[name=unlink]')).toEqual(['request=sealed', 'unlink=google']);
    expect(fields('button[name=link]')).toEqual(['request=sealed', 'link=github']);
  });

  test('the last way in has no button, and says why', async () => {
    await show({ ...account, linked: [{ ...google, last: true }], error: { code: 'last_way_in' } });
    expect(all('button[name=unlink]')).toEqual([]);
    expect(section('linked').textContent).toContain('Your only way to sign in');
    expect(text('[role=alert]')).toContain('Set a password or add another passkey first.');
  });
});

describe('about the person', () => {
  test('shows what others decide, and has a form for the rest, with a language that is none of ours kept', async () => {
    await show({ ...account, about });
    expect(all('dd').map((dd) => dd.textContent.trim())).toEqual(
      ['Alice Example', 'alice', 'alice@example.org', 'physics', 'Schweizer Hochdeutsch']);
    expect(section('about').querySelector('details')!.hasAttribute('open')).toBe(false);
    const form = new FormData(find<HTMLInputElement>('#about-name').form!);
    expect([...form]).toEqual([
      ['request', 'sealed'], ['name', ''], ['given_name', 'Alice'], ['family_name', 'Example'], ['locale', 'de-CH']]);
  });

  test('opens with what is wrong', async () => {
    await show({ ...account, about, error: { code: 'invalid_name' } });
    expect(section('about').querySelector('details')!.hasAttribute('open')).toBe(true);
    expect(all('main [role=alert]')).toHaveLength(1);
  });
});

test('the data come as a file by a form of the browser’s own', async () => {
  await show(account);
  const form = section('data').querySelector('form')!;
  expect([form.action, form.method, [...new FormData(form)]]).toEqual([`${api}/account/data`, 'post', [['request', 'sealed']]]);
});
