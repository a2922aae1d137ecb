// A relying party of another kind, and what people see when something is wrong, with the real API and the real pages.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import * as oidc from 'openid-client';
import { arrived, assertNoneIn, openBrowser, signIn } from './browser.mjs';
import { freePorts, startStack } from './stack.mjs';

const requestSeconds = 15;
const secret = 'a client secret that the logs must not hold';
let stack, browser, alice, application, applicationURL, config, stale;

before(async () => {
  stack = await startStack('pages', { hub: false, env: { GATEHOUSE_REQUEST_TTL: `${requestSeconds}s` } });
  const [port] = await freePorts(1);
  applicationURL = `http://127.0.0.1:${port}`;
  application = createServer((_, response) => { response.end('<!doctype html><title>The application</title>'); }).listen(port, '127.0.0.1');
  // First-party, since others are asked for each time at an address of this machine; prompt=consent asks all the same.
  await stack.sql(`INSERT INTO clients
      (first_party, client_id, client_name, grant_types, redirect_uris, post_logout_redirect_uris)
    VALUES (true, 'by-sql', 'Telescope', '{authorization_code,refresh_token}',
      '{${applicationURL}/callback}', '{${applicationURL}/bye}');
    INSERT INTO client_secrets (client_id, secret_sha256) VALUES ('by-sql', sha256('${secret}'));`);
  config = await oidc.discovery(new URL(stack.issuer), 'by-sql', secret, undefined, { execute: [oidc.allowInsecureRequests] });
  browser = await openBrowser(stack.state);
  browser.secrets.set(secret, 'client secret');
  alice = await browser.newPage();
  stale = await browser.newPage();
  await stale.goto((await authorization()).url.href);
});
after(async () => {
  await browser?.close();
  application?.close();
  await stack?.stop();
});

/** A new authorization request of the application. */
async function authorization(parameters = {}) {
  const verifier = oidc.randomPKCECodeVerifier();
  const state = oidc.randomState();
  const nonce = oidc.randomNonce();
  const url = oidc.buildAuthorizationUrl(config, {
    redirect_uri: `${applicationURL}/callback`, scope: 'openid profile email groups offline_access', prompt: 'login consent', state, nonce,
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256', ...parameters,
  });
  const expected = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce };
  return { url, redeem: (address) => oidc.authorizationCodeGrant(config, address, expected) };
}
function remember(tokens) {
  for (const name of ['access_token', 'id_token', 'refresh_token']) if (tokens[name]) browser.secrets.set(tokens[name], name);
  return tokens;
}
const waitForForm = (page) => page.waitForSelector('input[name=username]');
const accessible = async (page) => assert.deepEqual(await browser.violations(page), []);
/** The API says it at once, in the look of the pages, and leads to the page of the UI that says more, under the same title. */
const saysIn = async (page, title) => {
  await page.waitForFunction((words) => new RegExp(words).test(document.querySelector('h1')?.textContent), title.source);
  await page.waitForURL(`${stack.ui}/**`);
  await page.waitForFunction((words) => new RegExp(words).test(document.querySelector('h1')?.textContent), title.source);
};
/** A page that is not about this sign-in leads back to the application, and says which line of the log is about it. */
async function leadsBack(page) {
  assert.ok((await page.getAttribute('a', 'href')).startsWith(applicationURL));
  assert.match(await page.innerText('body'), /Request ID/);
  await accessible(page);
}

test('a client added with SQL alone: sign-in, consent, tokens, userinfo, refresh', () => browser.watched('client', alice, async (page) => {
  const { url, redeem } = await authorization();
  await page.goto(url.href);
  await waitForForm(page);
  assert.match(await page.innerText('h1'), /Telescope/);
  await accessible(page);
  await signIn(page, 'alice', 'not the one');
  await page.waitForSelector('[role=alert]');
  await accessible(page);
  await signIn(page, 'alice', 'demo passphrase');
  await page.waitForSelector('button[name=consent][value=yes]');
  await accessible(page);
  await page.click('button[name=consent][value=yes]');
  await arrived(page, `${applicationURL}/callback`);
  const tokens = remember(await redeem(new URL(page.url())));
  const claims = tokens.claims();
  const user = await oidc.fetchUserInfo(config, tokens.access_token, claims.sub);
  assert.deepEqual([user.preferred_username, user.email, user.groups], ['alice', 'alice@example.org', ['hub-admins']]);
  const renewed = remember(await oidc.refreshTokenGrant(config, tokens.refresh_token));
  assert.equal(renewed.claims().sub, claims.sub);
  await browser.rememberCookies(page, stack.issuer);
}));

test('single sign-on: another request in the same browser asks nothing', () => browser.watched('sso', alice, async (page) => {
  const { url, redeem } = await authorization({ prompt: '', scope: 'openid profile' });
  url.searchParams.delete('prompt');
  await page.goto(url.href);
  await arrived(page, `${applicationURL}/callback`);
  page.hint = remember(await redeem(new URL(page.url()))).id_token;
}));

test('logout at the application’s wish ends the session and comes back', () => browser.watched('logout', alice, async (page) => {
  const end = { id_token_hint: page.hint, post_logout_redirect_uri: `${applicationURL}/bye`, state: 'so-long' };
  await page.goto(oidc.buildEndSessionUrl(config, end).href);
  if (page.url().startsWith(stack.ui)) {
    await page.waitForSelector('button[name=logout][value=yes]');
    await accessible(page);
    await page.click('button[name=logout][value=yes]');
  }
  await arrived(page, `${applicationURL}/bye`);
  assert.equal(new URL(page.url()).searchParams.get('state'), 'so-long');
  await page.goto(`${stack.issuer}/logout`);
  await page.waitForURL(`${stack.ui}/**`);
  await page.waitForSelector('h1');
  await accessible(page);
}));

test('an unknown client and an unregistered redirect URI are pages, never redirects',
  () => browser.watched('unknown', alice, async (page) => {
  for (const [parameters, title] of [
    [{ client_id: 'nobody-knows' }, /not known/],
    [{ redirect_uri: `${applicationURL}/callback/` }, /not set up/],
  ]) {
    await page.goto((await authorization(parameters)).url.href);
    await saysIn(page, title);
    await accessible(page);
  }
}));

test('an altered request says so', () => browser.watched('altered', alice, async (page) => {
  await page.goto((await authorization()).url.href);
  await waitForForm(page);
  const address = new URL(page.url());
  const request = address.searchParams.get('request');
  const middle = request.length >> 1;
  address.searchParams.set('request', request.slice(0, middle) + (request[middle] === 'A' ? 'B' : 'A') + request.slice(middle + 1));
  await page.goto(address.href);
  await saysIn(page, /damaged/);
  await accessible(page);
}));

test('a request from another browser is refused, with the right password too', async () => {
  const [owner, thief] = [await browser.newPage(), await browser.newPage()];
  await owner.goto((await authorization()).url.href);
  await waitForForm(owner);
  await browser.watched('foreign', thief, async (page) => {
    await page.goto(owner.url());
    await waitForForm(page);
    await signIn(page, 'alice', 'demo passphrase');
    await saysIn(page, /another browser/);
    await leadsBack(page);
  });
});

test('Postgres away: a page that says try again, and recovery without a restart', async () => {
  const page = await browser.newPage();
  await browser.watched('postgres', page, async () => {
    await page.goto((await authorization()).url.href);
    await waitForForm(page);
    await stack.stopPostgres();
    assert.equal((await fetch(`${stack.issuer}/readyz`)).status, 503);
    assert.equal((await fetch(`${stack.issuer}/healthz`)).status, 200);
    assert.equal((await fetch((await authorization()).url, { redirect: 'manual' })).status, 503);
    await signIn(page, 'alice', 'demo passphrase');
    await page.waitForSelector('[role=alert]');
    assert.match(await page.innerText('body'), /not possible right now|Not available right now/);
    await accessible(page);
    await stack.startPostgres();
    await page.goto((await authorization()).url.href);
    await waitForForm(page);
    await signIn(page, 'alice', 'demo passphrase');
    await page.waitForSelector('button[name=consent][value=yes]');
  });
});

test('a sign-in page that was left open says so by itself and leads back', () => browser.watched('expired', stale, async (page) => {
  await saysIn(page, /expired/);
  await leadsBack(page);
}));

test('the logs hold no secret', async () => {
  const kinds = new Set(browser.secrets.values());
  for (const kind of ['access_token', 'id_token', 'refresh_token', 'code in an address', 'client secret']) {
    assert.ok(kinds.has(kind), `no ${kind} was seen`);
  }
  assertNoneIn(stack.logs(), new Map([...browser.secrets, ['not the one', 'wrong password']]));
});
