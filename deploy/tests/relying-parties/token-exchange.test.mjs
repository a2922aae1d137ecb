// JupyterHub with TokenExchangeAuthenticator and deploy/token-exchange, as docs/recipes/token-exchange.md says. Where Google would be
// is node-oidc-provider, which takes each refresh token once.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { arrived, assertNoneIn, openBrowser, signIn } from '../../../ui/tests/e2e/browser.mjs';
import { freePorts, processesOf, root, startStack } from '../../../ui/tests/e2e/stack.mjs';
import { python, withVersions } from './environment.mjs';
import { startGoogle } from './google.mjs';
import { startHub } from './hub.mjs';
import { recipe, run, secretIn } from './recipe.mjs';

let stack, browser, google, page, hub, address, alice, settings;

before(async () => {
  stack = await startStack('token-exchange', { hub: false, env: { GATEHOUSE_KEY_PUBLISH_AHEAD: '15s' } });
  browser = await openBrowser(stack.state);
  google = await startGoogle({ client_id: 'gatehouse', client_secret: 'of-the-console',
    redirect_uris: [`${stack.issuer}/upstream/google/callback`] });
  google.seconds = 200; // less than auth_refresh_age, so that the Hub asks again at each look
  const [port] = await freePorts(1);
  address = `http://localhost:${port}`;
  page = recipe('token-exchange', { 'https://api.example.org': stack.issuer, 'https://hub.example.org': address,
    'https://accounts.google.com': google.issuer, '1234.apps.googleusercontent.com': 'gatehouse',
    'GOCSPX-of-the-console': 'of-the-console' });
  await stack.sql(page.block('sql'));
  const secret = secretIn(await run(page.block('sh', 0), stack));
  // The command of the page, but for what it starts: the Hub needs a few lines for this machine.
  const environment = await run(page.block('sh', 2).replace('…', secret).replace(/jupyterhub -f \S+$/m, 'env'), stack);
  settings = Object.fromEntries(environment.split('\n').map((line) => line.split(/=(.*)/s))
    .filter(([name]) => /^(ISSUER|PUBLIC_HOST|OAUTH_|JUPYTERHUB_)/.test(name)));
  await start();
  alice = await browser.newPage();
});
after(async () => {
  await hub?.stop();
  await browser?.close();
  google?.close();
  await stack?.stop();
});

/** Starts the Hub, or starts it again with other lines at the end of its configuration. */
async function start(added = '') {
  await hub?.stop();
  const config = readFileSync(join(root, 'deploy/token-exchange/jupyterhub_config.py'), 'utf8');
  hub = await startHub(stack, 'hub', Number(new URL(address).port), config, { added, settings });
}

/** Goes from the Hub's sign-in to `through` and on to the Hub. */
async function toHub(person, through) {
  await person.goto(`${address}/hub/oauth_login?next=%2Fhub%2Fhome`);
  await through?.();
  await person.click('button[name=consent][value=yes]');
  await arrived(person, `${address}/hub/`);
}

/** What the exposed path says to a page of the Hub. */
async function exposed(person) {
  await person.goto(`${address}/hub/static/css/style.min.css`); // a page of the Hub's origin that asks nothing of anybody
  return person.evaluate(async () => {
    const xsrf = decodeURIComponent(document.cookie.match(/_xsrf=([^;]+)/)?.[1] ?? '');
    const answer = await fetch(`/hub/my-custom-path/userinfo?_xsrf=${encodeURIComponent(xsrf)}`);
    return { status: answer.status, ...await answer.json().catch(() => ({})) };
  });
}

const header = (token) => JSON.parse(Buffer.from(token.split('.')[0], 'base64url'));
const firstKey = async () => (await (await fetch(`${stack.issuer}/jwks`)).json()).keys[0].kid;

test('a user signs in through Google, connects the two accounts once, and the exchange works during the login', async (t) => {
  withVersions(t, ['TokenExchangeAuthenticator', 'jupyterhub', 'oauthenticator', 'PyJWT']);
  await browser.watched('first', alice, () => toHub(alice, async () => {
    await alice.click('button[name=upstream][value=google]');
    await google.signIn(alice, 'alice-at-google');
    await alice.waitForSelector('input[name=password]');
    await alice.screenshot({ path: `${stack.state}/pictures/link.png` });
    await signIn(alice, 'alice', 'demo passphrase');
    await google.allow(alice); // the tokens come from a sign-in after the two are connected
  }));
  assert.equal(alice.url(), `${address}/hub/home`);
  await alice.screenshot({ path: `${stack.state}/pictures/home.png` });
});

test('with the hint of the page, the way to Google is straight', async () => {
  const follow = async (url) => (await fetch(url, { redirect: 'manual' })).headers.get('location');
  assert.ok(page.text.includes('"kc_idp_hint": "google"}` into `extra_authorize_params`'));
  const request = await follow(`${address}/hub/oauth_login`);
  assert.ok((await follow(request)).startsWith(`${stack.ui}/login`));
  assert.ok((await follow(`${request}&kc_idp_hint=google`)).startsWith(`${google.issuer}/auth?`));
});

test('the exposed path has access, refresh and exchanged tokens', async () => {
  const got = await exposed(alice);
  assert.equal(got.status, 200);
  assert.equal(got.username, 'alice');
  assert.equal(header(got.access_token).alg, 'RS256');
  assert.equal(header(got.refresh_token).typ, 'rt+jwt');
  assert.ok(got.exchanged_tokens.google.expires_in > 60);
  assert.ok(await google.opens(got.exchanged_tokens.google.access_token), 'Google does not take it');
});

test('the token of Google is renewed on its own, when little is left of it', async () => {
  const first = await exposed(alice);
  await stack.sql("UPDATE upstream_accounts SET access_token_expires_at = now() + interval '30 seconds';");
  const second = await exposed(alice);
  assert.equal(google.refreshes, 1);
  assert.notEqual(second.exchanged_tokens.google.access_token, first.exchanged_tokens.google.access_token);
  assert.equal(second.access_token, first.access_token);
  assert.ok(await google.opens(second.exchanged_tokens.google.access_token));
  assert.equal((await exposed(alice)).exchanged_tokens.google.access_token, second.exchanged_tokens.google.access_token);
});

test('a notebook gets it by the lines of the page', async () => {
  await alice.goto(`${address}/hub/spawn/alice`);
  await arrived(alice, `${address}/user/alice/`);
  const [server] = processesOf(hub.state).filter((line) => /jupyterhub-singleuser/.test(line));
  const environment = readFileSync(`/proc/${server.split(' ')[0]}/environ`, 'utf8').split('\0').filter(Boolean)
    .map((line) => line.split(/=(.*)/s));
  const { stdout } = await promisify(execFile)(python, ['-c', page.block('python')], { env: Object.fromEntries(environment) });
  assert.ok(await google.opens(stdout.trim()), stdout);
  assert.ok(!environment.some(([, value]) => value?.includes(stdout.trim())), 'the token is in the environment');
});

test('a forced refresh renews the access token and keeps the login', async () => {
  await start('c.TokenExchangeAuthenticator.auth_refresh_age = 100_000  # each look at the tokens renews them all');
  const first = await exposed(alice);
  const second = await exposed(alice);
  assert.equal(second.status, 200);
  for (const name of ['access_token', 'refresh_token']) assert.ok(second[name] && second[name] !== first[name], name);
  assert.ok(await google.opens(second.exchanged_tokens.google.access_token));
});

/** Replaces the RSA key and waits until the new one signs; `meanwhile` runs while it is only published. */
async function rotate(meanwhile) {
  const before = await firstKey();
  await stack.gatehouse(['key', 'rotate', 'RS256']);
  assert.equal(await firstKey(), before, 'a key that does not sign yet is the first');
  await meanwhile?.();
  for (const until = Date.now() + 60_000; await firstKey() === before; await new Promise((r) => { setTimeout(r, 200); })) {
    assert.ok(Date.now() < until, 'the new key does not sign');
  }
}

test('the Hub survives a key rotation', async () => {
  await rotate();
  const got = await exposed(alice);
  assert.equal(got.status, 200);
  assert.equal(header(got.access_token).kid, await firstKey());
});

test('a Hub that verifies signatures loses its logins at a rotation until it is started again, as the page says', async () => {
  const verifying = 'c.TokenExchangeAuthenticator.verify_signature = True\nc.TokenExchangeAuthenticator.auth_refresh_age = 100_000';
  await start(verifying);
  assert.equal((await exposed(alice)).status, 200);
  await rotate(() => start(verifying)); // too early: it reads the key that still signs
  assert.equal((await exposed(alice)).status, 403);
  assert.match(hub.text(), /Signature verification failed/);
  assert.ok(page.text.includes('Signature verification failed'));
  await start(verifying);
  await toHub(alice); // without a password: the session at Gatehouse lasts
  assert.equal((await exposed(alice)).status, 200);
});

test('who is not linked is refused, and the log of the Hub says how to link', async () => {
  await stack.gatehouse(['user', 'add', 'bob'], 'correct horse battery staple');
  const bob = await browser.newPage();
  await browser.watched('unlinked', bob, async () => {
    await toHub(bob, () => signIn(bob, 'bob', 'correct horse battery staple'));
    assert.match(await bob.innerText('body'), /403/);
    await bob.screenshot({ path: `${stack.state}/pictures/unlinked.png` });
  });
  const says = `the user has no account of Google linked: sign in once through Google at ${stack.ui}`;
  assert.ok(hub.text().includes(says), hub.text().slice(-2000));
  assert.ok(page.text.includes('the user has no account of Google linked: sign in once through Google at'));
});

test('logging out of the Hub goes on to Gatehouse and comes back', async () => {
  await browser.rememberCookies(alice, stack.issuer);
  await alice.goto(`${address}/hub/logout`);
  await arrived(alice, `${stack.ui}/logout`);
  await alice.click('button[name=logout][value=yes]');
  await arrived(alice, `${address}/hub/login`);
});

test('who is disabled gets no more tokens and loses the login', async () => {
  await browser.watched('again', alice, () => toHub(alice, () => signIn(alice, 'alice', 'demo passphrase')));
  const tokens = await exposed(alice);
  assert.equal(tokens.status, 200);
  for (const [name, value] of Object.entries({ ...tokens, exchanged: tokens.exchanged_tokens.google.access_token })) {
    if (typeof value === 'string' && value.length > 20) browser.secrets.set(value, name);
  }
  await stack.sql("UPDATE users SET disabled_at = now() WHERE username = 'alice';");
  const refused = await exposed(alice);
  assert.ok(refused.status >= 400 && !refused.access_token, `${refused.status}`);
  await start('c.TokenExchangeAuthenticator.auth_refresh_age = 100_000'); // it asks anew, as it does when that time is over
  await alice.goto(`${address}/hub/home`);
  await arrived(alice, `${address}/hub/login`);
});

test('no log of Gatehouse has a token or a cookie', () => {
  assertNoneIn(stack.logs(), browser.secrets);
});
