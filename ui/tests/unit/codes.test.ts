import { describe, expect, test, vi } from 'vitest';
import { all, api, fields, find, show, text } from './browser.ts';

const user = { username: 'alice', name: 'Alice Example' };
const factor = {
  page: 'factor', request: 'sealed', action: `${api}/factor`, client: { name: 'JupyterHub' }, user, method: 'totp',
  ways: ['totp', 'recovery_code', 'passkey'], cancel: true, request_id: 'r-1',
};
const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
const totp = {
  page: 'totp', request: 'sealed', action: `${api}/factor/totp`, user, secret, uri: `otpauth://totp/x?secret=${secret}`,
  qr: { size: 21, path: 'M0 .5h7' }, request_id: 'r-1',
};
const account = {
  page: 'account', request: 'sealed', user, scopes: ['openid'], days: [7], tokens: [], request_id: 'r-1',
  action: `${api}/account/tokens`, revoke_action: `${api}/account/tokens/revoke`, logout_action: `${api}/logout`,
  password_action: `${api}/account/password`, end_session_action: `${api}/account/sessions/end`, totp_action: `${api}/account/totp`,
  add_passkey_action: `${api}/account/passkeys`, rename_passkey_action: `${api}/account/passkeys/rename`,
  remove_passkey_action: `${api}/account/passkeys/remove`, withdraw_action: `${api}/account/consents/withdraw`,
  accounts_action: `${api}/account/linked`, profile_action: `${api}/account/profile`, data_action: `${api}/account/data`,
};

const buttons = (which: string) => all(`button${which}`) as HTMLButtonElement[];

describe('the page for a second factor', () => {
  test('asks for a code in one field, which phones fill and which is sent by its button alone', async () => {
    await show(factor);
    const input = find<HTMLInputElement>('input[name=code]');
    expect([input.inputMode, input.autocomplete, input.type, input.required]).toEqual(['numeric', 'one-time-code', 'text', true]);
    const form = input.closest('form')!;
    expect([form.getAttribute('action'), form.getAttribute('method')]).toEqual([`${api}/factor`, 'post']);
    expect([...new FormData(form)].map(([name]) => name)).toEqual(['request', 'code']);
    expect(form.querySelectorAll('button')).toHaveLength(1); // which Enter presses
    expect(document.activeElement).toBe(input);
  });

  test('offers the other ways, another account and the way back, each by a button of a form of its own', async () => {
    await show(factor);
    const named = (name: string) => buttons(`[name=${name}]`).map((button) => button.value);
    expect(named('method')).toEqual(['recovery_code', 'passkey']);
    expect(named('account')).toEqual(['other']);
    expect(named('cancel')).toEqual(['yes']);
    await show({ ...factor, cancel: undefined, method: 'recovery_code' });
    expect(named('method')).toEqual(['totp', 'passkey']);
    expect(named('cancel')).toEqual([]);
    const input = find<HTMLInputElement>('input[name=code]');
    expect([input.inputMode, input.autocomplete]).toEqual(['text', 'off']);
  });

  test('says what was wrong beside the field, and how long to wait', async () => {
    await show({ ...factor, error: { code: 'wrong_code' } });
    expect(text('[role=alert]')).toContain('That code is not right.');
    expect(find('input[name=code]').getAttribute('aria-describedby')).toContain(find('[role=alert]').id);
    await show({ ...factor, error: { code: 'too_many_attempts', retry_after: 1800 } });
    expect(text('[role=alert]')).toBe('Too many attempts. Please wait 30 minutes, or use another way.');
    expect(all('[aria-invalid]')).toEqual([]);
    await show({ ...factor, error: { code: 'moon_phase' } });
    expect(text('[role=alert]')).toBe('That did not work. Please try again.');
  });
});

describe('setting up one-time codes', () => {
  test('shows the key in a QR code with a white zone of four squares, as an address and as text', async () => {
    await show(totp);
    expect(find('#totp-secret').textContent).toBe(secret);
    expect(find('main a').getAttribute('href')).toBe(totp.uri);
    const svg = find('main svg[role=img]');
    expect(svg.getAttribute('viewBox')).toBe('-4 -4 29 29');
    expect([svg.querySelector('rect')!.getAttribute('fill'), svg.querySelector('rect')!.getAttribute('width')]).toEqual(['#fff', '29']);
    expect(svg.querySelector('path')!.getAttribute('stroke')).toBe('#000');
    expect(fields('button[type=submit]')).toEqual(['request=sealed', 'code=']);
  });

  test('shows none to somebody who has one', async () => {
    await show({ ...totp, secret: undefined, uri: undefined, qr: undefined, error: { code: 'totp_there_already' } });
    expect(text('[role=alert]')).toContain('set up already');
    expect(all('form')).toEqual([]);
    expect(find('a.button').getAttribute('href')).toBe(`${api}/account`);
  });

  test('ends with codes to print and to copy, which go with the page', async () => {
    const codes = ['ab2de-fghij', 'wwwww-mmmmm'];
    const page = { page: 'recovery_codes', request: 'sealed', action: `${api}/factor/recovery-codes`, user, codes, request_id: 'r-1' };
    await show(page);
    expect(all('ol#recovery-codes > li').map((li) => li.textContent)).toEqual(codes);
    const print = vi.fn();
    vi.stubGlobal('print', print);
    buttons('[type=button]')[0]!.click();
    expect(print).toHaveBeenCalledOnce();
    window.dispatchEvent(new Event('pagehide'));
    await vi.waitFor(() => expect(all('ol#recovery-codes')).toEqual([]));
    await show({ ...page, codes: undefined });
    expect(text('main')).toContain('They were shown once.');
    expect(find<HTMLFormElement>('form').getAttribute('action')).toBe(`${api}/factor/recovery-codes`);
  });

  test('what asks for it is named', async () => {
    const page = { page: 'add_factor', request: 'sealed', action: `${api}/factor/add`, client: { name: 'JupyterHub' }, user };
    await show({ ...page, by: 'group', name: 'staff', since: '2026-11-01T12:00:00Z', add: ['passkey', 'totp'] });
    expect(text('main')).toContain('everybody in this group: staff. Since 1 Nov 2026.');
    expect(buttons('[name=add]').map((button) => button.value)).toEqual(['totp']); // this browser makes no passkeys
    await show({ ...page, by: 'client', add: ['totp'] });
    expect(text('main')).toContain('is required by JupyterHub.');
  });
});

describe('one-time codes on the account page', () => {
  test('are set up by a button, and removed by another behind one', async () => {
    await show(account);
    expect(find<HTMLButtonElement>('button[name=add]').value).toBe('totp');
    expect(all('button[name=recovery_codes]')).toEqual([]);
    await show({ ...account, totp: { created_at: '2026-11-01T12:00:00Z', used_at: '2026-11-28T12:00:00Z' }, recovery_codes: 7 });
    expect(text('section[aria-labelledby=codes]')).toContain('Set up 1 Nov 2026 Last used 28 Nov 2026');
    expect(text('section[aria-labelledby=codes]')).toContain('Left: 7');
    expect(find<HTMLButtonElement>('button[name=remove]').value).toBe('totp');
    expect(find<HTMLButtonElement>('button[name=recovery_codes]').value).toBe('new');
  });

  test('that have to be there say so, where they are', async () => {
    await show({ ...account, totp: { created_at: '2026-11-01T12:00:00Z' }, recovery_codes: 7, error: { code: 'totp_required' } });
    expect(text('section[aria-labelledby=codes] [role=alert]')).toContain('You cannot remove them');
    expect(all('[role=alert]')).toHaveLength(1);
  });
});
