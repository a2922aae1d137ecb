// Passwords of one's own, from the link that an administrator prints to a change on the account page, in a real Chromium.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { arrived, assertNoneIn, openBrowser, signIn } from './browser.mjs';
import { startStack } from './stack.mjs';

const [first, second, third] = ['seven grey herons', 'eight grey herons', 'nine grey herons'];
let stack, browser, carol, link;
before(async () => {
  stack = await startStack('passwords', { hub: false });
  browser = await openBrowser(stack.state);
  for (const secret of [first, second, third]) browser.secrets.set(secret, 'a password');
  await stack.gatehouse(['user', 'add', 'carol', '--no-password']);
  link = (await stack.gatehouse(['user', 'link', 'carol'])).trim();
  assert.ok(link.startsWith(`${stack.ui}/link#`), link);
  browser.secrets.set(new URL(link).hash.slice(1), 'the token of a link');
  carol = await browser.newPage();
});
after(async () => {
  await browser?.close();
  await stack?.stop();
});

const accessible = async (page) => assert.deepEqual(await browser.violations(page), []);
const picture = (page, name) => page.screenshot({ path: join(stack.state, 'pictures', `${name}.png`), fullPage: true });
const choose = async (page, password) => {
  await page.fill('input[name=new_password]', password);
  await page.click('button[type=submit]');
};

test('the link opens a page where a first password is chosen, and its token is in no address after', () => (
  browser.watched('link', carol, async (page) => {
    const addresses = [];
    page.on('request', (request) => addresses.push(request.url()));
    await page.goto(link);
    await arrived(page, `${stack.ui}/new-password`);
    await page.waitForSelector('input[name=new_password]');
    await accessible(page);
    await choose(page, 'password123');
    await page.waitForSelector('[role=alert]');
    await accessible(page);
    await picture(page, 'refused');
    await choose(page, first);
    await arrived(page, `${stack.ui}/login`);
    await page.waitForSelector('#done');
    await accessible(page);
    const token = new URL(link).hash.slice(1);
    assert.ok(!addresses.some((address) => address.replace(/#.*/, '').includes(token)), 'the token is in an address');
    await page.goBack();
    assert.ok(!page.url().includes(token));
  })));

test('the person signs in with it, and the link is spent', () => browser.watched('first', carol, async (page) => {
  await page.goto(`${stack.issuer}/account`);
  await page.waitForSelector('input[name=username]');
  await signIn(page, 'carol', first);
  await arrived(page, `${stack.ui}/account`);
  const other = await browser.newPage();
  await other.goto(link);
  await other.waitForSelector('[role=alert]');
  assert.match(await other.innerText('main'), /used already/);
  await accessible(other);
  await other.close();
}));

test('a password manager finds where to change it, and the person does', () => browser.watched('change', carol, async (page) => {
  await page.goto(`${stack.ui}/.well-known/change-password`);
  await arrived(page, `${stack.ui}/account`);
  await page.click('summary:has-text("Change password")');
  await page.fill('input[name=password]', 'not the one');
  await choose(page, second);
  await page.waitForSelector('[role=alert]');
  await accessible(page);
  await page.fill('input[name=password]', first);
  await choose(page, second);
  await page.waitForSelector('text=Your password is changed.');
  await accessible(page);
  await picture(page, 'changed');
}));

test('the person sees another browser that is signed in, and signs out there', () => browser.watched('sessions', carol, async (page) => {
  const context = await page.context().browser().newContext();
  const elsewhere = await context.newPage();
  await elsewhere.goto(`${stack.issuer}/account`);
  await elsewhere.waitForSelector('input[name=username]');
  await signIn(elsewhere, 'carol', second);
  await arrived(elsewhere, `${stack.ui}/account`);
  await page.goto(`${stack.issuer}/account`);
  await arrived(page, `${stack.ui}/account`);
  await accessible(page);
  await picture(page, 'sessions');
  await page.click('button[name=end_session]');
  await page.waitForSelector('text=You are signed out there.');
  await accessible(page);
  await elsewhere.goto(`${stack.issuer}/account`);
  await arrived(elsewhere, `${stack.ui}/login`);
  await context.close();
}));

test('one that somebody else chose is replaced before anything else', () => browser.watched('must', carol, async (page) => {
  await stack.gatehouse(['user', 'passwd', 'carol', '--must-change', '--password-stdin'], `${third}\n`);
  await page.goto(`${stack.issuer}/account`);
  await arrived(page, `${stack.ui}/login`);
  await page.waitForSelector('input[name=username]');
  await signIn(page, 'carol', third);
  await arrived(page, `${stack.ui}/new-password`);
  await page.waitForSelector('input[name=new_password]');
  await accessible(page);
  await choose(page, second);
  await arrived(page, `${stack.ui}/account`);
}));

test('no log has a password or the token', () => assertNoneIn(stack.logs(), browser.secrets));
