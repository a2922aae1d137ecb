import { describe, expect, test } from 'vitest';
import { all, api, fields, find, show, text } from './browser.ts';

const client = { name: 'JupyterHub', uri: 'https://hub.example.org' };
const user = { username: 'alice', name: 'Alice Example' };
const form = { request: 'sealed', request_id: 'r-1', client };
const login = { page: 'login', action: `${api}/login`, ...form };
const chooser = { page: 'select_account', action: `${api}/select-account`, user, ...form };
const refused = { page: 'refused', action: `${api}/refused`, user, ...form };
const notSignedIn = { page: 'not_signed_in', action: `${api}/not-signed-in`, ...form };
const unchecked = { name: 'University', uri: 'https://app.example.net', unchecked: true };
const buttons = () => all('main button[name]').map((button) => `${button.getAttribute('name')}=${button.getAttribute('value')}`);

describe('who is known at the browser', () => {
  test('is greeted, with the name filled in, and is not the first button that programs press', async () => {
    await show({ ...login, username: 'alice', known: user });
    expect(text()).toContain('Continue as Alice Example');
    expect(find<HTMLInputElement>('input[name=username]').value).toBe('alice');
    expect(document.activeElement).toBe(find('input[name=password]'));
    expect(fields('button[name=account]')).toEqual(['request=sealed', 'account=other']);
    expect(find('button[name=account]').closest('form')!.getAttribute('action')).toBe(`${api}/login`);
    expect(find('button[type=submit]').closest('form')!.querySelector('input[name=password]')).not.toBeNull();
  });

  test('is nobody on a page that names none', async () => {
    await show({ ...login, username: 'alice' });
    expect(buttons()).toEqual([]);
    expect(text()).not.toContain('Continue as');
  });

  test('says on the page that asks for consent that it is somebody else', async () => {
    const consent = { page: 'consent', action: `${api}/consent`, user, scopes: ['openid'], ...form };
    await show({ ...consent, other: true });
    expect(buttons()).toEqual(['account=other', 'consent=yes', 'consent=no']);
    await show(consent);
    expect(buttons()).toEqual(['consent=yes', 'consent=no']);
  });
});

test('an account is chosen: this one, another one where that may be, or none', async () => {
  await show({ ...chooser, other: true, cancel: true });
  expect(text('h1')).toBe('Sign in to JupyterHub');
  expect(buttons()).toEqual(['account=continue', 'account=other', 'cancel=yes']);
  expect(text('button[name=account][value=continue]')).toBe('Continue as Alice Example');
  await show({ ...chooser, user: { username: 'alice' } });
  expect(buttons()).toEqual(['account=continue']);
  expect(text('button[name=account]')).toBe('Continue as alice');
});

describe('who is refused', () => {
  test('reads who is signed in and what they may not use, and goes on or back', async () => {
    await show({ ...refused, other: true, cancel: true });
    expect(text('h1')).toBe('You may not use this application');
    for (const said of ['JupyterHub', 'Signed in as Alice Example', 'not open to your account', 'another account here', 'Request ID r-1']) {
      expect(text()).toContain(said);
    }
    expect(buttons()).toEqual(['account=other', 'cancel=yes']);
    expect(text('button[name=cancel]')).toBe('Back to JupyterHub');
  });

  test('goes back alone where it has to be them, and on alone where no application waits', async () => {
    await show({ ...refused, cancel: true });
    expect(buttons()).toEqual(['cancel=yes']);
    expect(text()).not.toContain('another account');
    await show({ ...refused, other: true });
    expect(buttons()).toEqual(['account=other']);
  });
});

test('whoever pressed Cancel goes back, or signs in after all', async () => {
  await show(notSignedIn);
  expect(text('h1')).toBe('You did not sign in');
  expect(buttons()).toEqual(['cancel=yes', 'sign_in=sign_in']);
  expect(text('button[name=cancel]')).toBe('Back to JupyterHub');
});

test.each([['refused', { ...refused, cancel: true }], ['not_signed_in', notSignedIn]])(
  'an application that registered itself is gone back to by its host, not by its name, on the page %s', async (_, answer) => {
    await show({ ...answer, client: unchecked });
    expect(text('button[name=cancel]')).toBe('Back to app.example.net');
    expect(text()).toContain('not checked by anyone here');
  });
