import { describe, expect, test, vi } from 'vitest';
import { all, api, fields, find, open, show, text } from './browser.ts';

const user = { username: 'alice', name: 'Alice Example' };
const newPassword = { page: 'new_password', request: 'sealed', action: `${api}/new-password`, user, min: 8, request_id: 'r-1' };
const account = {
  page: 'account', request: 'sealed', user, scopes: ['openid'], days: [7, 30], tokens: [], request_id: 'r-1',
  action: `${api}/account/tokens`, revoke_action: `${api}/account/tokens/revoke`, logout_action: `${api}/logout`,
  totp_action: `${api}/account/totp`,
  password_action: `${api}/account/password`, end_session_action: `${api}/account/sessions/end`,
  add_passkey_action: `${api}/account/passkeys`, rename_passkey_action: `${api}/account/passkeys/rename`,
  remove_passkey_action: `${api}/account/passkeys/remove`,
  withdraw_action: `${api}/account/consents/withdraw`, accounts_action: `${api}/account/linked`, profile_action: `${api}/account/profile`,
  data_action: `${api}/account/data`, password: { changed_at: '2026-03-03T12:00:00Z', min: 12 },
};

describe('a new password', () => {
  test('is one field that password managers know as one, with whose it is beside', async () => {
    await show(newPassword);
    expect(text('h1')).toBe('Choose a password');
    expect(fields('button[type=submit]')).toEqual(['request=sealed', 'new_password=']);
    const input = find('input[name=new_password]');
    expect([input.getAttribute('autocomplete'), input.getAttribute('minlength')]).toEqual(['new-password', '8']);
    expect(find<HTMLInputElement>('input[autocomplete=username]').value).toBe('alice');
    expect(text(`#${input.getAttribute('aria-describedby')!.split(' ')[0]}`)).toContain('At least 8 characters.');
    expect(document.activeElement).toBe(input);
  });

  test('says why one was not taken, beside the field, and in words for any reason', async () => {
    await show({ ...newPassword, must: true, error: { code: 'password_too_short' } });
    expect(text('[role=alert]')).toBe('That is too short: it takes at least 8 characters.');
    expect(text('.subtitle')).toContain('somebody else');
    expect(find('input[name=new_password]').getAttribute('aria-invalid')).toBe('true');
    expect(find('input[name=new_password]').getAttribute('aria-describedby')).toContain(find('[role=alert]').id);
    await show({ ...newPassword, error: { code: 'moon_phase' } });
    expect(text('[role=alert]')).toBe('That did not work. Please try again.');
    expect(all('[aria-invalid]')).toEqual([]);
  });
});

describe('an account link', () => {
  test('posts its token at once and leaves the address', async () => {
    const sent: string[][] = [];
    vi.spyOn(HTMLFormElement.prototype, 'requestSubmit').mockImplementation(function submit(this: HTMLFormElement) {
      sent.push([this.action, this.method, ...[...new FormData(this)].map(([name, value]) => `${name}=${value}`)]);
    });
    const { asked } = await open('/link#a-token', {});
    expect(sent).toEqual([[`${api}/link`, 'post', 'link=a-token']]);
    expect(asked).toEqual(['/config.json']);
    expect(location.href).not.toContain('a-token');
    await open('/link', {});
    expect(sent).toHaveLength(1);
    expect(text('[role=alert]')).toContain('The address is not complete');
  });

  test('of a mail waits for a press, so that what opens it beforehand spends nothing', async () => {
    const submit = vi.spyOn(HTMLFormElement.prototype, 'requestSubmit');
    submit.mockClear();
    await open('/link#reset-a-token', {});
    expect(submit).not.toHaveBeenCalled();
    expect(text('button[type=submit]')).toBe('Set a new password');
    expect(fields('button[type=submit]')).toEqual(['link=reset-a-token']);
    expect(location.href).not.toContain('a-token');
    await show({ page: 'link', action: `${api}/link`, error: { code: 'reset_elsewhere' }, request_id: 'r-1' });
    expect(text()).toContain('Go back to the browser where you asked for it');
    expect(text()).not.toContain('Ask whoever gave it to you');
  });

  test('that is no good says why, and posts nothing', async () => {
    const submit = vi.spyOn(HTMLFormElement.prototype, 'requestSubmit');
    submit.mockClear();
    await show({ page: 'link', action: `${api}/link`, error: { code: 'link_expired' }, request_id: 'r-1' });
    expect(text()).toContain('It has expired.');
    expect(all('form')).toEqual([]);
    expect(submit).not.toHaveBeenCalled();
    expect(find('a.button').getAttribute('href')).toBe(`${api}/account`);
  });
});

describe('the password on the account page', () => {
  test('is behind a button, with the old one, the new one and what goes on elsewhere', async () => {
    await show(account);
    expect(text('section')).toContain('Last changed 3 Mar 2026');
    const form = find('input[name=new_password]').closest('form')!;
    expect(find<HTMLDetailsElement>('section details').open).toBe(false);
    expect([form.getAttribute('action'), form.getAttribute('method')]).toEqual([`${api}/account/password`, 'post']);
    expect([...new FormData(form)].map(([name]) => name)).toEqual(['request', 'password', 'new_password']);
    expect(find<HTMLInputElement>('input[name=keep_sessions]').value).toBe('yes');
    expect(find('input[name=password]').getAttribute('autocomplete')).toBe('current-password');
  });

  test('opens with the field that is wrong in focus', async () => {
    await show({ ...account, error: { code: 'wrong_password' } });
    expect(find<HTMLDetailsElement>('section details').open).toBe(true);
    expect(text('[role=alert]')).toBe('The current password is not right.');
    expect(document.activeElement).toBe(find('input[name=password]'));
    await show({ ...account, error: { code: 'password_common' } });
    expect(document.activeElement).toBe(find('input[name=new_password]'));
  });

  test('says how long to wait after many wrong ones', async () => {
    await show({ ...account, error: { code: 'too_many_attempts', retry_after: 30 } });
    expect(find<HTMLDetailsElement>('section details').open).toBe(true);
    expect(text('[role=alert]')).toBe('Too many attempts. Please wait 30 seconds, then try again.');
    expect(all('[aria-invalid]')).toEqual([]);
  });

  test('is not there for somebody who has none', async () => {
    await show({ ...account, password: undefined });
    expect(all('input[name=new_password]')).toEqual([]);
  });
});

describe('a forgotten password', () => {
  const forgot = { page: 'forgot_password', request: 'sealed', action: `${api}/forgot-password`, minutes: 15, request_id: 'r-1' };

  test('is asked for by a name that the browser knows, in the language of the page', async () => {
    await show({ ...forgot, username: 'alice' });
    expect(text('h1')).toBe('Forgot your password?');
    expect(fields('button[type=submit]')).toEqual(['request=sealed', 'username=alice', 'language=en']);
    expect(find('input[name=username]').getAttribute('autocomplete')).toBe('username');
    expect(document.activeElement).toBe(find('input[name=username]'));
    await show({ ...forgot, error: { code: 'too_many_attempts', retry_after: 60 } });
    expect(text('[role=alert]')).toContain('Too many attempts.');
  });

  test('gets a code, of which the page says nothing but that it may be on its way, and another one', async () => {
    await show({ ...forgot, username: 'alice', sent: true, error: { code: 'wrong_mailed_code' } });
    expect(text()).toContain('If there is an account with a verified address');
    expect(text()).toContain('15 minutes');
    expect(text('[role=alert]')).toBe('That code is not the one in the latest mail. Check it and try again.');
    const input = find('input[name=code]');
    expect([input.getAttribute('autocomplete'), input.getAttribute('inputmode')]).toEqual(['one-time-code', 'numeric']);
    expect(input.getAttribute('aria-invalid')).toBe('true');
    expect(fields('button.secondary')).toEqual(['request=sealed', 'username=alice', 'language=en']);
  });

  test('is offered on the login page where mail is sent', async () => {
    const login = { page: 'login', request: 'sealed', action: `${api}/login`, request_id: 'r-1' };
    await show({ ...login, forgot: true });
    expect(fields('button[name=forgot]')).toEqual(['request=sealed', 'forgot=yes']);
    await show(login);
    expect(all('button[name=forgot]')).toEqual([]);
  });
});

describe('an address of one’s own', () => {
  const about = { name: 'Alice Example', given_name: '', family_name: '', locale: '', email: 'alice@example.org' };

  test('is shown by a code that is mailed there, where mail is sent', async () => {
    await show({ ...account, about });
    expect(all('input[name=email]')).toEqual([]);
    await show({ ...account, about, email_action: `${api}/account/email` });
    const form = find('input[name=email]').closest('form')!;
    expect([form.action, form.method]).toEqual([`${api}/account/email`, 'post']);
    expect([...new FormData(form)]).toEqual([['request', 'sealed'], ['email', 'alice@example.org']]);
    await show({ ...account, about, email_action: `${api}/account/email`, error: { code: 'invalid_email' } });
    expect(find('input[name=email]').getAttribute('aria-describedby')).toBe('email-error');
    expect(text('#email-error')).toBe('That is no email address.');
    const asked = { ...account, about, email_action: `${api}/account/email`, email_asked: 'new@example.org' };
    await show({ ...asked, error: { code: 'wrong_mailed_code' } });
    expect(text()).toContain('new@example.org');
    expect(find('input[name=code]').getAttribute('aria-invalid')).toBe('true');
  });
});
