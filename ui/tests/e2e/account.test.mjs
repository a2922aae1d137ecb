// What the account page shows of a person, and what they do there, in a real Chromium with a real API.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { arrived, assertNoneIn, openBrowser, signIn } from './browser.mjs';
import { startStack } from './stack.mjs';

const password = 'seven grey herons';
const viewer = 'https://viewer.example.org';
let stack, browser, dora;
before(async () => {
  stack = await startStack('account', { hub: false });
  browser = await openBrowser(stack.state);
  browser.secrets.set(password, 'a password');
  await stack.gatehouse(['user', 'add', 'dora', '--email', 'dora@example.org', '--password-stdin'], password);
  await stack.gatehouse(['client', 'add', 'viewer', '--name', 'Notebook Viewer', '--public', '--redirect-uri', `${viewer}/callback`]);
  await stack.sql(`UPDATE clients SET client_uri = '${viewer}/' WHERE client_id = 'viewer';`);
  dora = await browser.newPage();
  await dora.context().route(`${viewer}/**`, (route) => route.fulfill({ contentType: 'text/html', body: '<h1>The viewer</h1>' }));
});
after(async () => {
  await browser?.close();
  await stack?.stop();
});

const accessible = async (page) => assert.deepEqual(await browser.violations(page), []);
const picture = (page, name) => page.screenshot({ path: join(stack.state, 'pictures', `${name}.png`), fullPage: true });
const section = (page, id) => page.locator(`section[aria-labelledby=${id}]`);
const openAccount = async (page) => {
  await page.goto(`${stack.issuer}/account`);
  await arrived(page, `${stack.ui}/account`);
  await page.waitForSelector('h1');
};

test('recent sign-ins say what failed, from where and in which browser', () => browser.watched('sign-ins', dora, async (page) => {
  await page.goto(`${stack.issuer}/account`);
  await page.waitForSelector('input[name=username]');
  await signIn(page, 'dora', 'not the one');
  await page.waitForSelector('[role=alert]');
  await page.fill('input[name=password]', password);
  await page.click('button[type=submit]');
  await arrived(page, `${stack.ui}/account`);
  const rows = section(page, 'sign-ins').locator('li');
  assert.match(await rows.nth(0).innerText(), /Signed in\n+.*Your account\n+.*Chrome.* from (127\.0\.0\.1|::1)/);
  assert.match(await rows.nth(1).innerText(), /Wrong password/);
  assert.equal(await section(page, 'allowed').count(), 0);
  await accessible(page);
  const printed = JSON.parse(await stack.gatehouse(['sign-ins', '--user', 'dora', '--since', '1h', '--json']));
  assert.deepEqual(printed.map(({ outcome }) => outcome), ['signed_in', 'failed']);
  assert.match(await stack.gatehouse(['sign-ins', '--user', 'dora', '--failed']), /wrong_password/);
}));

test('what was allowed is listed, opened and withdrawn, and is asked for again', () => browser.watched('consent', dora, async (page) => {
  const verifier = randomBytes(32).toString('base64url');
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  const request = `${stack.issuer}/authorize?${new URLSearchParams({
    client_id: 'viewer', redirect_uri: `${viewer}/callback`, response_type: 'code', scope: 'openid email', state: 's',
    code_challenge: challenge, code_challenge_method: 'S256',
  })}`;
  await page.goto(request);
  await page.click('button[name=consent][value=yes]');
  await page.waitForURL(`${viewer}/**`);
  await openAccount(page);
  assert.equal(await section(page, 'applications').getByRole('link', { name: 'Notebook Viewer' }).getAttribute('href'), `${viewer}/`);
  assert.match(await section(page, 'allowed').innerText(), /Notebook Viewer\n+May see .*your email address/);
  await picture(page, 'allowed');
  await page.click('button[name=withdraw][value=viewer]');
  await page.waitForSelector('text=It has no access any more.');
  await accessible(page);
  assert.equal(await section(page, 'allowed').count(), 0);
  assert.deepEqual(JSON.parse(await stack.gatehouse(['consent', 'list', 'dora', '--json'])), []);
  await page.goto(request);
  await page.waitForSelector('button[name=consent]');
}));

test('a session elsewhere ends at a press', () => browser.watched('sessions', dora, async (page) => {
  const other = await browser.newPage();
  await other.goto(`${stack.issuer}/account`);
  await other.waitForSelector('input[name=username]');
  await signIn(other, 'dora', password);
  await arrived(other, `${stack.ui}/account`);
  await openAccount(page);
  await page.locator('button[name=end_session]').first().click();
  await page.waitForSelector('text=You are signed out there.');
  await other.goto(`${stack.issuer}/account`);
  await other.waitForSelector('input[name=username]');
  await other.close();
}));

test('a name and a language are changed, and stay', () => browser.watched('about', dora, async (page) => {
  await openAccount(page);
  await page.locator('summary', { hasText: 'Change name or language' }).press('Enter');
  await page.waitForFunction(() => document.activeElement.id === 'about-name');
  await page.keyboard.type('Dora Ünal');
  await page.selectOption('#about-locale', 'fr');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.waitForSelector('text=It is saved.');
  await accessible(page);
  await openAccount(page);
  assert.match(await section(page, 'about').innerText(), /Dora Ünal[^]*dora@example\.org[^]*français/);
  await picture(page, 'about');
}));

test('all that is kept comes as a file, without a secret', () => browser.watched('data', dora, async (page) => {
  await openAccount(page);
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download as JSON' }).click()]);
  assert.equal(download.suggestedFilename(), 'dora.json');
  const text = readFileSync(await download.path(), 'utf8');
  const data = JSON.parse(text);
  assert.deepEqual([data.user.name, data.sign_ins.length > 2, data.sessions.length], ['Dora Ünal', true, 1]);
  assert.ok(!/argon2|sha256/.test(text));
  assert.ok(page.url().startsWith(`${stack.ui}/account`), 'the page has gone');
}));

test('no log has a secret', async () => {
  await browser.rememberCookies(dora, stack.issuer);
  assertNoneIn(stack.logs(), browser.secrets);
});
