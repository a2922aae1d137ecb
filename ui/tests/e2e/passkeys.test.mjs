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
  await page.waitForSelector('text=Your passkey is ready');
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

test('no log has the password', () => assertNoneIn(stack.logs(), browser.secrets));
