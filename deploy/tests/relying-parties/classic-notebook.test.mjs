// ipython-oidc-client in a classic notebook: the real extension with the real oidc-client-js, as deploy/notebook/classic starts it.
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { arrived, assertNoneIn, openBrowser, signIn } from '../../../ui/tests/e2e/browser.mjs';
import { freePorts, program, startStack } from '../../../ui/tests/e2e/stack.mjs';
import { classicPython, root, withVersions } from './environment.mjs';

const example = join(root, 'deploy/notebook/classic/gatehouse.ipynb');
/** The extension loads these from CDNs, which the browser of a test does not reach. */
const fromCDN = {
  'http://cdnjs.cloudflare.com/ajax/libs/oidc-client/1.10.0/oidc-client.min.js': 'oidc-client/dist/oidc-client.min.js',
  'http://unpkg.com/universal-cookie@3/umd/universalCookie.min.js': 'universal-cookie/umd/universalCookie.min.js',
};

let stack, browser, server, page, notebook;
const toKernel = []; // every message that the page sends to a kernel
const addresses = []; // that the page has been at, fragments included
const foreign = []; // requests to anybody else

before(async () => {
  stack = await startStack('classic-notebook', { hub: false, env: { GATEHOUSE_RESPONSE_TYPES: 'code,token' } });
  browser = await openBrowser(stack.state);
  const [port] = await freePorts(1);
  notebook = `http://localhost:${port}`;
  const recipe = readFileSync(join(root, 'docs/recipes/classic-notebook.md'), 'utf8').replaceAll('http://localhost:8888', notebook);
  const registrations = [...recipe.matchAll(/^gatehouse (client add .*)$/gm)].map(([, line]) => line);
  assert.equal(registrations.length, 2);
  for (const line of [...registrations, registrations[0].replace('add notebook', 'add notebook-code')]) {
    await stack.gatehouse(line.match(/"[^"]*"|\S+/g).map((word) => word.replaceAll('"', '')));
  }
  const folder = join(stack.state, 'notebooks');
  mkdirSync(folder);
  copyFileSync(example, join(folder, 'gatehouse.ipynb'));
  for (const client of ['notebook-token', 'notebook-code']) {
    writeFileSync(join(folder, `${client}.ipynb`), readFileSync(example, 'utf8')
      .replace("'client_id': 'notebook'", `'client_id': '${client}'`)
      .replace("'response_type': 'code'", "'response_type': 'token'").replace("'openid profile email'", "'email'"));
  }
  const elsewhere = Object.fromEntries(['HOME', 'IPYTHONDIR', 'JUPYTER_CONFIG_DIR', 'JUPYTER_DATA_DIR', 'JUPYTER_RUNTIME_DIR']
    .map((name) => [name, join(stack.state, name.toLowerCase())]));
  for (const path of Object.values(elsewhere)) mkdirSync(path);
  const asRoot = process.getuid() === 0 ? ['--allow-root'] : [];
  server = await program(join(root, 'deploy/notebook/classic/start'),
    [`--port=${port}`, `--notebook-dir=${folder}`, '--no-browser', "--NotebookApp.token=''", ...asRoot],
    { ...elsewhere, GATEHOUSE_ISSUER: stack.issuer }, / is running at:/);

  page = await browser.newPage();
  await page.route((url) => !['localhost', '127.0.0.1'].includes(url.hostname), async (route) => {
    // Scripts that come before the kernel are of no use to the extension; the page of the redirect has none.
    if (page.url().startsWith(`${notebook}/notebooks/`)) await connected().catch(() => {}); // the page has gone, and with it who asked
    const file = fromCDN[route.request().url().replace(/^https:/, 'http:')];
    if (!file) foreign.push(route.request().url());
    return file ? route.fulfill({ path: join(root, 'node_modules', file), contentType: 'text/javascript' }) : route.abort();
  });
  page.on('framenavigated', (frame) => addresses.push(frame.url()));
  page.on('websocket', (socket) => socket.on('framesent', ({ payload }) => toKernel.push(String(payload))));
  page.on('dialog', (dialog) => dialog.accept()); // "Leave site?": the notebook has a cell that ran
});
after(async () => {
  await browser?.close();
  await server?.stop('SIGTERM');
  await stack?.stop();
});

const connected = () => page.waitForFunction(() => globalThis.Jupyter?.notebook?.kernel?.is_connected());

/** Opens a notebook in the classic interface; the extension is there only if its scripts came after the kernel, else a reload helps. */
async function open(name) {
  await page.goto(`${notebook}/notebooks/${name}.ipynb`);
  await ready();
}
async function ready() {
  await connected();
  const registered = () => globalThis.Jupyter?.notebook?.kernel?.comm_manager?.targets.oauth_authenticate;
  for (let attempt = 1; ; attempt += 1) {
    try {
      await page.waitForFunction(registered, undefined, { timeout: 5000 * attempt });
      return;
    } catch (e) {
      if (attempt === 4) throw e;
      await page.reload();
    }
  }
}
/** Runs the nth code cell with the button of the toolbar. */
async function press(n) {
  await page.locator('.code_cell .CodeMirror').nth(n).click();
  await page.click('button[data-jupyter-action="jupyter-notebook:run-cell-and-select-next"]');
}
/** What the kernel prints for a line of Python, beside the cells. */
const python = (line) => page.evaluate((code) => new Promise((resolve) => {
  globalThis.Jupyter.notebook.kernel.execute(code, { iopub: { output: ({ content }) => resolve(content.text ?? content.evalue) } });
}), line);
/** What the nth code cell puts out once it has run. */
async function output(n) {
  const area = page.locator('.code_cell').nth(n).locator('.output_area').last();
  await area.waitFor();
  return await area.innerText();
}
async function allow() {
  await arrived(page, `${stack.ui}/consent`);
  await page.click('button[name=consent][value=yes]');
}
async function back(name) {
  await arrived(page, `${notebook}/notebooks/${name}.ipynb`);
  await ready();
}
/** Whether the kernel has a token: as it sends the browser away, the extension puts an empty dictionary in its place. */
const hasToken = async () => (await python("print(type(token.get('access_token')).__name__)")).trim() === 'str';
/** Runs the first cell again, after which the token is there. */
async function again() {
  await press(0);
  for (const end = Date.now() + 10_000; !await hasToken();) {
    assert.ok(Date.now() < end, 'no token reaches the kernel');
    await page.waitForTimeout(100);
  }
}
/** What oidc-client-js keeps for this tab and client `notebook`. */
const user = () => page.evaluate(() => (
  JSON.parse(Object.entries(sessionStorage).find(([name]) => /^oidc\.user:.*:notebook$/.test(name))[1])));
const picture = (name) => page.screenshot({ path: join(stack.state, 'pictures', `${name}.png`) });

test('the first run of the cell leads to the login page and back to the notebook', (t) => browser.watched('first', page, async () => {
  t.diagnostic(`with oidc-client ${JSON.parse(readFileSync(join(root, 'node_modules/oidc-client/package.json'), 'utf8')).version}`);
  withVersions(t, ['ipython-oidc-client', 'notebook', 'ipykernel', 'jupyter-client'], classicPython);
  await open('gatehouse');
  await press(0);
  await arrived(page, `${stack.ui}/login`);
  await page.waitForSelector('input[name=username]');
  await picture('1-login');
  await signIn(page, 'alice', 'demo passphrase');
  await allow();
  await back('gatehouse');
  await picture('2-back');
}));

test('the second run gets the token, with which the kernel asks userinfo, and nothing else reaches the kernel', () => (
  browser.watched('second', page, async () => {
    const before = addresses.length;
    await again();
    assert.equal((await python('print(list(token))')).trim(), "['access_token']");
    assert.equal(addresses.length, before, 'the page went somewhere');
    await press(1);
    assert.match(await output(1), /'preferred_username': 'alice'/);
    await picture('3-userinfo');

    const kept = await user();
    assert.ok(kept.access_token && kept.id_token, 'the browser has both');
    assert.ok(toKernel.some((message) => JSON.parse(message).content.data === kept.access_token), 'the token was not seen on its way');
    const codes = addresses.map((address) => new URL(address).searchParams.get('code')).filter(Boolean);
    assert.equal(codes.length, 1);
    for (const secret of [kept.id_token, ...codes]) assert.ok(!toKernel.some((message) => message.includes(secret)));
    for (const secret of [kept.access_token, kept.id_token]) browser.secrets.set(secret, 'a token');
  })));

test('a tab without a token gets one without a new sign-in, once allowed again', () => browser.watched('anew', page, async () => {
  const old = (await user()).access_token;
  await page.evaluate(() => sessionStorage.clear());
  const before = addresses.length;
  await press(0);
  await allow();
  await back('gatehouse');
  await again();
  assert.notEqual((await user()).access_token, old);
  assert.ok(!addresses.slice(before).some((address) => address.startsWith(`${stack.ui}/login`)), 'the person had to sign in');
}));

test('response_type token works for a client that is registered for it', () => browser.watched('token', page, async () => {
  await open('notebook-token');
  await press(0);
  await allow();
  await back('notebook-token');
  await again();
  const answer = addresses.findLast((address) => address.startsWith(`${notebook}/redirect.html`));
  const fragment = new URLSearchParams(new URL(answer).hash.slice(1));
  assert.equal(fragment.get('scope'), 'email');
  assert.equal(fragment.get('iss'), stack.issuer);
  assert.equal((await python("print(token['access_token'])")).trim(), fragment.get('access_token'));
  browser.secrets.set(fragment.get('access_token'), 'a token in an address');
  // The token is good, and says so at userinfo, which wants the scope openid. The library takes that for an ID token to come.
  const refusal = await fetch(`${stack.issuer}/userinfo`, { headers: { authorization: `Bearer ${fragment.get('access_token')}` } });
  assert.equal((await refusal.json()).error, 'insufficient_scope');
  await press(1);
  assert.match(await output(1), /HTTP Error 403/);
}));

test('it is refused for a client that is not, in words', () => browser.watched('refused', page, async () => {
  await open('notebook-code');
  const complaint = page.waitForEvent('pageerror');
  await press(0);
  await page.waitForURL((url) => url.pathname === '/redirect.html' || url.origin !== notebook);
  await back('notebook-code');
  const answer = addresses.findLast((address) => address.startsWith(`${notebook}/redirect.html`));
  const fragment = new URLSearchParams(new URL(answer).hash.slice(1));
  assert.equal(fragment.get('error'), 'unauthorized_client');
  assert.equal(fragment.get('error_description'), 'the client is not registered for this response_type');
  assert.match((await complaint).message, /unauthorized_client|not registered/);
  assert.equal(await hasToken(), false);
}));

test('errors of token, userinfo and revocation are read across origins', () => browser.watched('errors', page, async () => {
  await open('gatehouse');
  await again();
  const seen = await page.evaluate(async (issuer) => {
    const provider = await (await fetch(`${issuer}/.well-known/openid-configuration`)).json();
    const ask = async (url, form, headers) => {
      const answer = await fetch(url, { ...(form && { method: 'POST', body: new URLSearchParams(form) }), headers });
      return [answer.status, (await answer.json()).error, answer.headers.get('www-authenticate') !== null];
    };
    return {
      keys: (await (await fetch(provider.jwks_uri)).json()).keys.length,
      code: await ask(provider.token_endpoint,
        { grant_type: 'authorization_code', client_id: 'notebook', code: 'x', redirect_uri: `${location.origin}/redirect.html` }),
      client: await ask(provider.token_endpoint, { grant_type: 'authorization_code', client_id: 'nobody' }),
      userinfo: await ask(provider.userinfo_endpoint, null, { authorization: 'Bearer x' }),
      revocation: await ask(provider.revocation_endpoint, { client_id: 'nobody', token: 'x' }),
      noToken: await ask(provider.revocation_endpoint, { client_id: 'notebook' }),
    };
  }, stack.issuer);
  assert.ok(seen.keys > 0);
  assert.deepEqual(seen.code, [400, 'invalid_grant', false]);
  assert.deepEqual(seen.client, [401, 'invalid_client', true]);
  assert.deepEqual(seen.userinfo, [401, 'invalid_token', true]);
  assert.deepEqual(seen.revocation, [401, 'invalid_client', true]);
  assert.deepEqual(seen.noToken, [400, 'invalid_request', false]);
}));

test("the library's own revocation succeeds, and the token is refused from then on", () => browser.watched('revoked', page, async () => {
  const { access_token: token } = await user();
  // UserManager.revokeAccessToken() leaves tokens with a dot alone, as it takes JWTs for what cannot be revoked.
  await page.evaluate(([issuer, value]) => {
    const { OidcClientSettings, TokenRevocationClient } = globalThis.Oidc;
    const settings = new OidcClientSettings({ authority: `${issuer}/.well-known/openid-configuration`, client_id: 'notebook' });
    return new TokenRevocationClient(settings).revoke(value, true);
  }, [stack.issuer, token]);
  assert.equal((await fetch(`${stack.issuer}/userinfo`, { headers: { authorization: `Bearer ${token}` } })).status, 401);
}));

test('nobody else was asked for anything, and the logs of Gatehouse hold no token', () => {
  assert.deepEqual(foreign, []);
  assertNoneIn(stack.logs(), browser.secrets);
});
