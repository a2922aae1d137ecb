// deploy/fastapi behind JupyterHub, with the Hub's own OAuth, as docs/recipes/fastapi.md says.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openBrowser, signIn } from '../../../ui/tests/e2e/browser.mjs';
import { freePorts, root, startStack } from '../../../ui/tests/e2e/stack.mjs';
import { withVersions } from './environment.mjs';
import { startHub } from './hub.mjs';
import { recipe, run } from './recipe.mjs';
import { answer, authorize, execute, strangers } from './swagger.mjs';

let stack, browser, page, hub, address, service, swagger, token;
const start = async (name, port, settings = {}) => {
  const [own] = await freePorts(1);
  address = `http://localhost:${port}`;
  service = `${address}/services/fastapi`;
  page = recipe('fastapi', { 'https://hub.example.org': address });
  const folder = `${stack.state}/${name}-files`;
  const commands = page.block('sh', 0).replaceAll('jupyterhub_config.py', `${folder}/jupyterhub_config.py`)
    .replace('client add jupyterhub', `client add ${name}`).replace(/^jupyterhub -f.*/m, `cat ${folder}/jupyterhub_config.py`);
  const config = await run(`mkdir -p ${folder}\n${commands}`, stack);
  hub = await startHub(stack, name, port, config.replaceAll('8010', String(own)).replaceAll('/opt/gatehouse', root), { settings });
  for (let i = 0; !(await fetch(`${service}/`)).ok; i += 1) {
    assert.ok(i < 600, `the service does not answer: ${hub.text()}`);
    await new Promise((r) => { setTimeout(r, 200); });
  }
};
const throughHub = async (popup) => {
  await popup.click('text=Sign in with Gatehouse');
  await signIn(popup, 'alice', 'demo passphrase');
};
before(async () => {
  stack = await startStack('fastapi-hub', { hub: false });
  browser = await openBrowser(stack.state);
  await start('right', ...await freePorts(1));
});
after(async () => {
  await hub?.stop();
  await browser?.close();
  await stack?.stop();
});

test('Swagger UI signs in with the OAuth of the Hub, which signs in with Gatehouse', async (t) => {
  withVersions(t, ['jupyterhub', 'oauthenticator']);
  swagger = await browser.newPage();
  const others = strangers(swagger, [address]);
  swagger.on('response', async (response) => {
    if (response.url() === `${service}/token`) token = (await response.json()).access_token;
  });
  await browser.watched('hub', swagger, async () => {
    await swagger.goto(`${service}/docs`);
    await authorize(swagger, throughHub);
    await swagger.screenshot({ path: `${stack.state}/pictures/hub-authorized.png` });
    await swagger.click('.btn-done');
    const { status, body } = await execute(swagger, '/me');
    assert.equal(status, '200');
    assert.equal(body.name, 'alice');
    assert.deepEqual(body.groups, ['hub-admins']);
    await swagger.screenshot({ path: `${stack.state}/pictures/hub-me.png`, fullPage: true });
  });
  assert.deepEqual([...others], [], 'Swagger UI loads from elsewhere');
});

test('a token of the Hub works in the header and in the address, and shows no more than name and groups', async () => {
  for (const path of ['/me', '/groups', '/admins']) {
    assert.equal((await answer(service + path, token)).status, 200, path);
    assert.equal((await answer(`${service + path}?token=${token}`)).status, 200, path);
  }
  const allowed = (await answer(`${service}/me`, token)).body.scopes.filter((scope) => !/^read:users:(name|groups)|^access:/.test(scope));
  assert.deepEqual(allowed, []);
});

test('no token, an unknown one, and one that is not for this service are refused', async () => {
  assert.equal((await answer(`${service}/me`)).status, 401);
  const unknown = await answer(`${service}/me`, 'unknown');
  assert.equal(unknown.status, 401);
  assert.match(unknown.challenge, /error="invalid_token"/);
  await swagger.goto(`${address}/hub/home`);
  const made = await swagger.evaluate(async () => {
    const headers = { 'X-XSRFToken': globalThis.jhdata.xsrf_token, 'content-type': 'application/json' };
    const body = JSON.stringify({ scopes: ['read:users:name!user', 'read:users:groups!user'] });
    return (await fetch('/hub/api/users/alice/tokens', { method: 'POST', headers, body })).json();
  });
  const foreign = await answer(`${service}/groups`, made.token);
  assert.deepEqual([foreign.status, foreign.body.detail], [403, 'the token is not for this service']);
});

test('no code and no token is in the output of the Hub and of the service', () => {
  for (const [secret, what] of [...browser.secrets, [token, 'token']]) assert.ok(!hub.text().includes(secret), what);
});

/** What a person reads who presses Authorize and signs in, if asked to. */
const popupSays = async (from) => {
  await from.click('.btn.authorize');
  const opening = from.context().waitForEvent('page');
  await from.click('.modal-ux .btn.auth.authorize');
  const popup = await opening;
  const button = popup.locator('text=Sign in with Gatehouse');
  await popup.locator('h1').or(button).first().waitFor();
  if (await button.count()) {
    await button.click();
    await popup.waitForURL((url) => url.origin === stack.ui || url.pathname === '/hub/oauth_callback');
    if (popup.url().startsWith(stack.ui)) await signIn(popup, 'alice', 'demo passphrase');
    await popup.waitForURL((url) => url.pathname === '/hub/oauth_callback');
  }
  return popup.locator('h1').first().innerText();
};

test('under another name than PUBLIC_HOST the page says so, and the Hub refuses its address', async () => {
  await browser.watched('other-name', swagger, async () => {
    await swagger.goto(`${service.replace('localhost', '127.0.0.1')}/docs`);
    assert.equal(await swagger.innerText('h1[role=alert]'),
      `PUBLIC_HOST is ${address}, but this page is at ${address.replace('localhost', '127.0.0.1')}: `
      + 'Authorize cannot work until they are equal.');
    const says = await popupSays(swagger);
    assert.equal(says, '400 : Mismatching redirect URI.');
    assert.ok(page.text.includes(says), `the page does not quote: ${says}`);
  });
});

test('with a wrong PUBLIC_HOST the page says so, and the sign-in ends in an error of the Hub', async () => {
  await hub.stop();
  const [port] = await freePorts(1);
  await start('wrong', port, { PUBLIC_HOST: `http://127.0.0.1:${port}` });
  const lost = await browser.newPage();
  await browser.watched('wrong', lost, async () => {
    await lost.goto(`${service}/docs`);
    assert.match(await lost.innerText('h1[role=alert]'), /^PUBLIC_HOST is http:\/\/127.* but this page is at http:\/\/localhost/);
    await lost.screenshot({ path: `${stack.state}/pictures/hub-wrong-public-host.png` });
    const says = await popupSays(lost);
    assert.equal(says, '400 : OAuth state missing from cookies');
    assert.ok(page.text.includes(says), `the page does not quote: ${says}`);
  });
});
