// Who is on the page: refused by a group at a real Hub, known at a browser, and on with another account.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { arrived, openBrowser, signIn } from './browser.mjs';
import { startHub } from './jupyterhub.mjs';
import { startStack } from './stack.mjs';

const password = 'nine grey herons';
let stack, browser, hub, page;
before(async () => {
  stack = await startStack('person', { hub: false });
  browser = await openBrowser(stack.state);
  browser.secrets.set(password, 'a password');
  await stack.gatehouse(['group', 'add', 'physics']);
  for (const name of ['bob', 'carol']) {
    await stack.gatehouse(['user', 'add', name, '--name', `${name}’s name`, '--password-stdin'], `${password}\n`);
  }
  await stack.gatehouse(['group', 'add-member', 'physics', 'carol']);
  hub = await startHub(stack, { add: ['--group', 'physics'] });
  page = await browser.newPage();
});
after(async () => {
  await browser?.close();
  await hub?.stop();
  await stack?.stop();
});

const accessible = async (at) => assert.deepEqual(await browser.violations(at), []);
const picture = (at, name) => at.screenshot({ path: join(stack.state, 'pictures', `${name}.png`), fullPage: true });
/** Presses the Hub's button, and waits for the page of ours that it leads to. */
const fromTheHub = async (at, name) => {
  await at.goto(`${hub.url}/hub/login?next=%2Fhub%2Fhome`);
  await at.click('text=Sign in with');
  await arrived(at, `${stack.ui}/${name}`);
  await at.waitForSelector('main');
};
/** The Hub's own page with the button, which is no dead end. */
const atTheButton = async (at) => {
  await arrived(at, `${hub.url}/hub/login`);
  await at.waitForSelector('text=Sign in with');
};

test('whoever no group admits is told so here, and the Hub leads back to its button', () => browser.watched('refused', page, async () => {
  await fromTheHub(page, 'login');
  const answers = [];
  page.on('response', (response) => answers.push(`${response.status()} ${new URL(response.url()).pathname}`));
  await signIn(page, 'bob', password);
  await arrived(page, `${stack.ui}/refused`);
  await page.waitForSelector('button[name=account][value=other]');
  assert.ok(answers.includes('403 /login'), answers.join('\n'));
  const words = await page.innerText('main');
  for (const said of [/may not use this application/, /JupyterHub/, /bob’s name/, /Back to JupyterHub/]) assert.match(words, said);
  await accessible(page);
  await picture(page, 'refused');
  await page.click('button[name=cancel]');
  await atTheButton(page);
}));

test('the next try ends there at once, and Tab and Enter lead to another account', () => browser.watched('other', page, async () => {
  await fromTheHub(page, 'refused');
  await page.waitForSelector('button[name=account][value=other]');
  await page.waitForFunction(() => document.activeElement?.tagName === 'H1');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await arrived(page, `${stack.ui}/login`);
  await page.waitForSelector('input[name=username]');
  assert.equal(await page.inputValue('input[name=username]'), '');
  await signIn(page, 'carol', password);
  await arrived(page, `${hub.url}/hub/home`);
  assert.equal((await hub.user(page)).name, 'carol');
}));

test('whoever is signed in, and asked to choose, goes on without a password', () => browser.watched('choose', page, async () => {
  const request = new URL(`${stack.issuer}/authorize`);
  request.search = new URLSearchParams({
    client_id: hub.id, redirect_uri: `${hub.url}/hub/oauth_callback`, response_type: 'code', scope: 'openid', state: 'none of the Hub’s',
    prompt: 'select_account', code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', code_challenge_method: 'S256',
  });
  await page.goto(request.href);
  await arrived(page, `${stack.ui}/select-account`);
  await page.waitForSelector('button[name=account][value=continue]');
  assert.match(await page.innerText('main'), /Continue as carol’s name/);
  await accessible(page);
  await picture(page, 'select-account');
  await page.click('button[name=account][value=continue]');
  await arrived(page, `${hub.url}/hub/oauth_callback`);
  assert.ok(new URL(page.url()).searchParams.get('code'));
}));

test('the browser knows who was signed in, until somebody says that it is not them', () => browser.watched('known', page, async () => {
  await page.goto(`${stack.issuer}/logout`);
  await page.click('button[name=logout][value=yes]');
  await arrived(page, `${stack.ui}/signed-out`);
  await page.click('a.button');
  await arrived(page, `${stack.ui}/login`);
  await page.waitForSelector('button[name=account][value=other]');
  assert.match(await page.innerText('main'), /Continue as\s+carol’s name/);
  assert.equal(await page.inputValue('input[name=username]'), 'carol');
  await accessible(page);
  await picture(page, 'known');
  await page.click('button[name=account][value=other]');
  await page.waitForFunction(() => document.querySelector('input[name=username]')?.value === '');
  assert.equal(await page.locator('button[name=account]').count(), 0);
  await page.goto(`${stack.issuer}/account`);
  await page.waitForSelector('input[name=username]');
  assert.equal(await page.inputValue('input[name=username]'), '');
  assert.equal(await page.locator('button[name=account]').count(), 0);
}));

test('Cancel says what has happened, and leads on from there', async () => {
  const other = await browser.newPage();
  await browser.watched('cancel', other, async () => {
    await fromTheHub(other, 'login');
    await other.click('button[name=cancel]');
    await arrived(other, `${stack.ui}/not-signed-in`);
    await other.waitForSelector('button[name=sign_in]');
    await accessible(other);
    await picture(other, 'not-signed-in');
    await other.click('button[name=sign_in]');
    await arrived(other, `${stack.ui}/login`);
    await other.waitForSelector('input[name=username]');
    await other.click('button[name=cancel]');
    await other.waitForSelector('button[name=sign_in]');
    await other.click('button[name=cancel]');
    await atTheButton(other);
  });
  await other.context().close();
});

test('somebody who is disabled is told so once the password is right', async () => {
  await stack.gatehouse(['user', 'disable', 'carol']);
  const other = await browser.newPage();
  await browser.watched('disabled', other, async () => {
    await fromTheHub(other, 'login');
    await other.waitForSelector('input[name=username]');
    await signIn(other, 'carol', 'not the password');
    await other.waitForSelector('[role=alert]');
    assert.doesNotMatch(await other.innerText('[role=alert]'), /disabled/);
    await signIn(other, 'carol', password);
    await other.waitForFunction(() => /has been disabled/.test(document.querySelector('[role=alert]')?.textContent));
    await accessible(other);
    await picture(other, 'disabled');
  });
  await other.context().close();
});
