// A passkey from its making to its end, with Chromium's own authenticator.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { addAuthenticator } from './authenticator.mjs';
import { arrived, assertNoneIn, openBrowser, signIn } from './browser.mjs';
import { startStack } from './stack.mjs';

const password = 'seven grey herons';
let stack, browser, page, device;
before(async () => {
  stack = await startStack('passkeys', { hub: false });
  browser = await openBrowser(stack.state);
  browser.secrets.set(password, 'a password');
  await stack.gatehouse(['user', 'add', 'carol', '--password-stdin'], `${password}\n`);
  page = await browser.newPage();
  device = await addAuthenticator(page);
});
after(async () => {
  await browser?.close();
  await stack?.stop();
});

const accessible = async () => assert.deepEqual(await browser.violations(page), []);
const picture = (name) => page.screenshot({ path: join(stack.state, 'pictures', `${name}.png`), fullPage: true });
/** Opens the account page in a session of its own, as far as the login page. */
const begin = async () => {
  await page.context().clearCookies();
  await page.goto(`${stack.issuer}/account`);
  await arrived(page, `${stack.ui}/login`);
  await page.waitForSelector('button[name=passkey]');
};

test('the person makes a passkey on the account page', () => browser.watched('make', page, async () => {
  await device.setPresence(false); // or Chromium would answer as soon as a page offers passkeys in its field
  await begin();
  await accessible();
  await picture('login');
  await signIn(page, 'carol', password);
  await arrived(page, `${stack.ui}/account`);
  await device.setPresence(true);
  await page.click('button[name=add][value=passkey]');
  await arrived(page, `${stack.ui}/recovery-codes`); // the first factor comes with them
  await page.waitForSelector('ol#recovery-codes > li');
  for (const code of await page.locator('ol#recovery-codes > li').allInnerTexts()) browser.secrets.set(code, 'a recovery code');
  await page.click('form button[type=submit]');
  await arrived(page, `${stack.ui}/account`);
  await page.waitForSelector('text=Your passkey is ready');
  await accessible();
  await picture('made');
  const [credential, ...others] = await device.credentials();
  assert.deepEqual([credential.rpId, credential.isResidentCredential, others.length], ['localhost', true, 0]);
  assert.equal(Buffer.from(credential.userHandle, 'base64').includes('carol'), false);
  await page.click('button[name=add][value=passkey]');
  await page.waitForSelector('text=There is a passkey for this account on this device already.');
  await accessible();
}));

test('the browser offers it in the name field, and it alone signs in', () => browser.watched('field', page, async () => {
  await device.setPresence(true);
  await page.context().clearCookies();
  await page.goto(`${stack.issuer}/account`); // the authenticator answers what the field offers
  await arrived(page, `${stack.ui}/account`);
  await page.waitForSelector('text=Last used');
}));

test('the button signs in; whoever does not want to can go another way', () => browser.watched('button', page, async () => {
  await device.setVerified(false);
  await device.setPresence(false);
  await begin();
  await device.setPresence(true);
  await page.click('button[name=passkey]');
  await page.waitForSelector('text=No passkey was used.');
  await accessible();
  await picture('cancelled');
  await device.setPresence(false);
  await device.setVerified(true);
  await begin();
  assert.equal(await page.getAttribute('input[name=username]', 'autocomplete'), 'username webauthn');
  await device.setPresence(true);
  await page.click('button[name=passkey]');
  await arrived(page, `${stack.ui}/account`);
}));

test('a sign-in of long ago does not make a passkey', () => browser.watched('fresh', page, async () => {
  await stack.sql(`UPDATE sessions SET auth_time = auth_time - interval '16 minutes';`);
  await page.goto(`${stack.issuer}/account`);
  await arrived(page, `${stack.ui}/account`);
  await device.setPresence(false);
  await page.click('button[name=add][value=passkey]');
  await arrived(page, `${stack.ui}/login`);
  await page.waitForSelector('button[name=passkey]');
  await device.setPresence(true);
  await page.click('button[name=passkey]');
  await arrived(page, `${stack.ui}/account`);
  await device.setPresence(false);
}));

test('one that is gone here is refused in words, and the password still works', () => browser.watched('unknown', page, async () => {
  await stack.sql(`DELETE FROM passkeys;`);
  await device.setPresence(false);
  await begin();
  await device.setPresence(true);
  await page.click('button[name=passkey]');
  await page.waitForSelector('text=This passkey is not known here');
  await device.setPresence(false);
  await accessible();
  await picture('unknown');
  await signIn(page, 'carol', password);
  await arrived(page, `${stack.ui}/account`);
  await device.setPresence(true);
  await page.click('button[name=add][value=passkey]');
  await page.waitForSelector('ol#recovery-codes > li');
  await page.click('form button[type=submit]');
  await page.waitForSelector('text=Your passkey is ready');
}));

test('after the password it is the second factor', () => browser.watched('factor', page, async () => {
  await device.setPresence(false);
  await begin();
  await signIn(page, 'carol', password);
  await arrived(page, `${stack.ui}/factor`);
  await page.waitForSelector('button[name=method][value=passkey]');
  await accessible();
  await picture('factor');
  await device.setPresence(true);
  await page.click('button[name=method][value=passkey]');
  await arrived(page, `${stack.ui}/account`);
}));

test('it is renamed and removed', () => browser.watched('change', page, async () => {
  await page.click('summary:has-text("Change “")');
  await page.fill('input[name=name]', 'My phone');
  await picture('change');
  await page.click('button:has-text("Rename")');
  await page.waitForSelector('h3:has-text("My phone")');
  await accessible();
  await page.click('summary:has-text("Change “My phone”")');
  await page.click('button:has-text("Remove “My phone”")');
  await page.waitForSelector('text=The passkey is removed.');
  await accessible();
  assert.equal(await page.locator('h3:has-text("My phone")').count(), 0);
}));

test('whoever has none is offered one after the password, once', () => browser.watched('offer', page, async () => {
  await stack.gatehouse(['user', 'add', 'dora', '--password-stdin'], `${password}\n`);
  await stack.gatehouse(['client', 'add', 'wiki', '--public', '--first-party', '--redirect-uri', `${stack.ui}/device`]);
  const wiki = `${stack.issuer}/authorize?${new URLSearchParams({
    client_id: 'wiki', redirect_uri: `${stack.ui}/device`, response_type: 'code', scope: 'openid',
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', code_challenge_method: 'S256',
  })}`;
  const asDora = async () => {
    await device.setPresence(false);
    await page.context().clearCookies();
    await page.goto(wiki);
    await page.waitForSelector('input[name=can_make_passkey]', { state: 'attached' });
    await signIn(page, 'dora', password);
  };
  await asDora();
  await arrived(page, `${stack.ui}/offer-passkey`);
  await page.waitForSelector('button[name=add][value=passkey]');
  await accessible();
  await picture('offer');
  await page.click('button[name=later]');
  await arrived(page, `${stack.ui}/device?code=`);
  await asDora();
  await arrived(page, `${stack.ui}/device?code=`);
  await stack.sql(`UPDATE users SET passkey_later_at = passkey_later_at - interval '31 days';`);
  await asDora();
  await arrived(page, `${stack.ui}/offer-passkey`);
  await device.setPresence(true);
  await page.click('button[name=add][value=passkey]');
  await page.waitForSelector('ol#recovery-codes > li');
  await page.click('form button[type=submit]');
  await arrived(page, `${stack.ui}/device?code=`);
}));

test('an account link makes a passkey in place of a password', () => browser.watched('link', page, async () => {
  await stack.gatehouse(['user', 'add', 'emil', '--no-password']);
  const link = (await stack.gatehouse(['user', 'link', 'emil'])).trim();
  browser.secrets.set(new URL(link).hash.slice(1), 'the token of a link');
  await device.clear();
  await page.context().clearCookies();
  await page.goto(link);
  await page.waitForSelector('button[name=add][value=passkey]');
  await accessible();
  await picture('link');
  await page.click('button[name=add][value=passkey]');
  await arrived(page, `${stack.ui}/account`); // by the login page, where the authenticator answers what the field offers
}));

test('no log has the password', () => assertNoneIn(stack.logs(), browser.secrets));
