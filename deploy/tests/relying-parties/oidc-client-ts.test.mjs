// oidc-client-ts 3 in a single-page application on another origin: what its pages ask Gatehouse for has to pass CORS, errors included.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { arrived, openBrowser, signIn } from '../../../ui/tests/e2e/browser.mjs';
import { root, startStack } from '../../../ui/tests/e2e/stack.mjs';

const library = join(root, 'node_modules/oidc-client-ts');
const { version } = JSON.parse(readFileSync(join(library, 'package.json'), 'utf8'));
const files = {
  '/oidc-client-ts.js': ['text/javascript', readFileSync(join(library, 'dist/browser/oidc-client-ts.min.js'))],
  '/favicon.ico': ['image/png', ''],
};
const page = readFileSync(join(import.meta.dirname, 'clients/oidc-client-ts.html'));

let stack, browser, profile, application, origin, otherSite, otherOrigin;
before(async () => {
  stack = await startStack('oidc-client-ts', { hub: false });
  browser = await openBrowser(stack.state);
  profile = await browser.newPage(); // whose cookies the other tabs share
  application = [await serve(), await serve()];
  origin = `http://localhost:${application[0].address().port}`; // of Gatehouse's site, as apps.example.org and sso.example.org are
  otherSite = origin.replace('localhost', '127.0.0.1'); // the same pages: to the browser it is another site
  otherOrigin = `http://localhost:${application[1].address().port}`; // which no client is registered for
  const common = { authority: stack.issuer, scope: 'openid profile email', automaticSilentRenew: false };
  const settings = {
    spa: { ...common, client_id: 'spa', loadUserInfo: true },
    keeps: { ...common, client_id: 'keeps', scope: 'openid profile offline_access' },
    renews: { ...common, client_id: 'keeps', scope: 'openid profile offline_access', automaticSilentRenew: true,
      accessTokenExpiringNotificationTimeInSeconds: 897 }, // of 900
    dpop: { ...common, client_id: 'dpop', scope: 'openid profile offline_access', dpop: { bind_authorization_code: true } },
  };
  files['/settings.json'] = ['application/json', JSON.stringify(settings)];
  const client = (client_id, names, more) => ({ client_id, token_endpoint_auth_method: 'none', first_party: true,
    grant_types: ['authorization_code', 'refresh_token'],
    redirect_uris: [origin, otherSite].flatMap((o) => names.map((name) => `${o}/${name}/callback`)),
    post_logout_redirect_uris: names.map((name) => `${origin}/${name}/goodbye`), ...more });
  await stack.gatehouse(['client', 'import', '-'], JSON.stringify([
    client('spa', ['spa'], { first_party: false, id_token_scope_claims: false }),
    client('keeps', ['keeps', 'renews']),
    client('dpop', ['dpop'], { dpop_bound_access_tokens: true }),
  ]));
});
after(async () => {
  await browser?.close();
  await stack?.stop();
  for (const server of application ?? []) server.close();
});

async function serve() {
  const server = createServer((request, response) => {
    const [type, body] = files[new URL(request.url, 'http://localhost').pathname] ?? ['text/html', page];
    response.setHeader('content-type', type).end(body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

/** What the page says once it is done. */
const says = (tab) => tab.waitForSelector('output:not(:empty)').then((output) => output.innerText());
/** Leaves the page for the sign-in, so that nothing is left to wait for there. */
const toSignIn = (tab, options) => tab.evaluate((o) => { manager.signinRedirect(o); }, options);
/** Signs alice in at Gatehouse, unless she is. */
async function pass(tab, to) {
  const [login, next] = [`${stack.ui}/login`, to].map((prefix) => (url) => url.href.startsWith(prefix));
  await tab.waitForURL((url) => login(url) || next(url));
  if (login(new URL(tab.url()))) await signIn(tab, 'alice', 'demo passphrase');
  await arrived(tab, to);
}

/** Opens a page of an application in a tab of its own, and signs alice in by a redirect. */
async function signedIn(name, { at = origin, consent = false, scope } = {}) {
  const tab = await browser.newPage(profile);
  await browser.watched(name, tab, async () => {
    await tab.goto(`${at}/${name}/`);
    assert.equal(await says(tab), 'Not signed in');
    await toSignIn(tab, scope && { scope });
    if (consent) {
      await pass(tab, `${stack.ui}/consent`);
      await tab.click('button[name=consent][value=yes]');
    }
    await pass(tab, `${at}/${name}/callback`);
    assert.equal(await says(tab), 'Signed in as Alice');
  });
  return tab;
}
const user = (tab) => tab.evaluate(() => manager.getUser());
/** Renews the tokens; gives the old ones, the new ones, and the paths that Gatehouse was asked for. */
async function renewed(tab, options) {
  const paths = [];
  const note = (request) => { if (request.url().startsWith(stack.issuer)) paths.push(new URL(request.url()).pathname); };
  const old = await user(tab);
  tab.on('request', note);
  const error = await tab.evaluate((o) => manager.signinSilent(o).then(() => '', (e) => e.error ?? String(e)), options);
  tab.off('request', note);
  return { old, user: await user(tab), paths, error };
}

/** Asks userinfo from the page itself: what CORS lets it see. */
const userinfo = (tab, token) => tab.evaluate(async ([url, authorization]) => {
  const answer = await fetch(url, { headers: { authorization } });
  return { status: answer.status, challenge: answer.headers.get('www-authenticate'), ...await answer.json() };
}, [`${stack.issuer}/userinfo`, `Bearer ${token}`]);

test('signs in by a redirect, with consent, and reads userinfo', async (t) => {
  t.diagnostic(`with oidc-client-ts ${version}`);
  const tab = await signedIn('spa', { consent: true });
  const { profile, refresh_token: refresh, scope } = await user(tab);
  assert.equal(profile.email, 'alice@example.org', 'which the ID token of this client has not');
  assert.deepEqual([refresh, scope], [undefined, 'openid profile email']);
  await tab.close();
});

test('signs in in a popup', async () => {
  const tab = await browser.newPage(); // where nobody is signed in
  await browser.watched('popup', tab, async () => {
    await tab.goto(`${origin}/keeps/`);
    await says(tab);
    const [popup] = await Promise.all([tab.waitForEvent('popup'), tab.evaluate(() => { globalThis.signedIn = manager.signinPopup(); })]);
    await arrived(popup, `${stack.ui}/login`);
    await Promise.all([popup.waitForEvent('close'), signIn(popup, 'alice', 'demo passphrase')]);
    assert.equal(await tab.evaluate(async () => (await globalThis.signedIn).profile.name), 'Alice');
  });
  await tab.context().close();
});

test('renews tokens by refresh token, and by itself when they are about to expire', async () => {
  const tab = await signedIn('keeps');
  const { old, user: now, paths, error } = await renewed(tab);
  assert.deepEqual([error, now.profile.sub], ['', old.profile.sub]);
  for (const name of ['access_token', 'refresh_token']) assert.ok(now[name] && now[name] !== old[name], name);
  assert.deepEqual(paths, ['/token']);
  await tab.goto(`${origin}/renews/`);
  await says(tab);
  await toSignIn(tab);
  await arrived(tab, `${origin}/renews/callback`);
  await says(tab);
  const { access_token: first } = await user(tab);
  await tab.waitForFunction(async (token) => (await manager.getUser()).access_token !== token, first);
  await tab.close();
});

test('renews tokens in a frame of the same site, and hears there that nobody is signed in any more', async () => {
  const tab = await signedIn('keeps');
  const { old, user: now, paths, error } = await renewed(tab, { forceIframeAuth: true });
  assert.equal(error, '');
  assert.notEqual(now.access_token, old.access_token);
  assert.ok(paths.includes('/authorize'), paths.join());
  await tab.waitForFunction(() => document.querySelectorAll('iframe').length === 0);
  await tab.context().clearCookies();
  assert.equal((await renewed(tab, { forceIframeAuth: true })).error, 'login_required');
  await tab.close();
});

// Browsers keep cookies from frames of another site: by SameSite=Lax, which they have on http, or all third-party cookies.
test('a frame of another site gets an answer at once, but no tokens; a refresh token and a redirect work there', async () => {
  const tab = await signedIn('keeps', { at: otherSite });
  assert.equal((await renewed(tab, { forceIframeAuth: true })).error, 'login_required');
  const { old, user: now, error } = await renewed(tab);
  assert.equal(error, '');
  assert.notEqual(now.access_token, old.access_token);
  await tab.evaluate(() => manager.removeUser());
  await tab.goto(`${otherSite}/keeps/`);
  assert.equal(await says(tab), 'Not signed in');
  await toSignIn(tab);
  await arrived(tab, `${otherSite}/keeps/callback`);
  assert.equal(await says(tab), 'Signed in as Alice');
  await tab.close();
});

test('revokes its tokens', async () => {
  const tab = await signedIn('keeps');
  const { access_token: token, refresh_token: refresh } = await user(tab);
  assert.equal((await userinfo(tab, token)).name, 'Alice');
  await tab.evaluate(() => manager.revokeTokens());
  const refused = await userinfo(tab, token);
  assert.deepEqual([refused.status, refused.error], [401, 'invalid_token']);
  assert.match(refused.challenge, /^Bearer .*error="invalid_token"/);
  await tab.evaluate(async (refresh_token) => manager.storeUser(new oidc.User({ ...await manager.getUser(), refresh_token })), refresh);
  assert.equal((await renewed(tab)).error, 'invalid_grant');
  await tab.close();
});

test('signs out of Gatehouse too, and comes back', async () => {
  const tab = await signedIn('keeps', { scope: 'openid profile' }); // what is not offline ends with the session
  const { access_token: token } = await user(tab);
  await tab.evaluate(() => { manager.signoutRedirect(); });
  await arrived(tab, `${origin}/keeps/goodbye`);
  assert.equal(await says(tab), 'Not signed in');
  assert.equal((await userinfo(tab, token)).status, 401);
  await toSignIn(tab);
  await arrived(tab, `${stack.ui}/login`);
  await tab.close();
});

test('DPoP: code, refresh and userinfo with proofs of the page, and a nonce that CORS lets it read', async () => {
  const tab = await signedIn('dpop');
  assert.equal((await user(tab)).token_type, 'DPoP');
  const { old, user: now, paths, error } = await renewed(tab);
  assert.deepEqual([error, now.token_type], ['', 'DPoP']);
  assert.deepEqual(paths, ['/token'], 'the nonce is known from the sign-in');
  assert.notEqual(now.access_token, old.access_token);
  // The library's loadUserInfo sends no proofs: applications make them with dpopProof, as for any other service.
  const asked = await tab.evaluate(async (url) => {
    const person = await manager.getUser();
    const ask = async (nonce) => fetch(url, { headers: { authorization: `DPoP ${person.access_token}`,
      dpop: await manager.dpopProof(url, person, 'GET', nonce) } });
    const first = await ask();
    const second = await ask(first.headers.get('dpop-nonce'));
    return [first.status, first.headers.get('www-authenticate'), second.status, (await second.json()).name];
  }, `${stack.issuer}/userinfo`);
  assert.match(asked[1], /^DPoP .*error="use_dpop_nonce"/);
  assert.deepEqual([asked[0], asked[2], asked[3]], [401, 200, 'Alice']);
  assert.equal((await userinfo(tab, now.access_token)).status, 401, 'without a proof');
  await tab.evaluate((id) => manager.settings.dpop.store.remove(id), 'dpop'); // then the library makes another key
  assert.match((await renewed(tab)).error, /invalid_grant/);
  await tab.close();
});

test('the page is told what went wrong', async () => {
  const tab = await browser.newPage(profile);
  await tab.goto(`${origin}/spa/callback?code=x&state=of-somebody-else`);
  assert.equal(await says(tab), 'Error: No matching state found in storage');

  await tab.goto(`${origin}/spa/`);
  await says(tab);
  const state = await tab.evaluate(async () => {
    const begun = await new oidc.OidcClient(manager.settings).createSigninRequest({ request_type: 'si:r' });
    return begun.state.id;
  });
  await tab.goto(`${origin}/spa/callback?code=of-somebody-else&state=${state}`);
  assert.match(await says(tab), /^ErrorResponse: the code is not valid/);

  await tab.goto(`${origin}/spa/`);
  await says(tab);
  await toSignIn(tab, { prompt: 'consent' });
  await pass(tab, `${stack.ui}/consent`);
  await tab.click('button[name=consent][value=no]');
  await arrived(tab, `${origin}/spa/callback?error=access_denied`);
  assert.match(await says(tab), /^ErrorResponse: /);
  await tab.close();
});

test('pages of an origin that no client has read what anybody may, and no token', async () => {
  const tab = await browser.newPage(profile);
  await tab.goto(`${otherOrigin}/spa/`);
  assert.equal(await says(tab), 'Not signed in');
  assert.equal(await tab.evaluate(() => manager.metadataService.getMetadata().then((m) => m.issuer)), stack.issuer);
  for (const endpoint of ['token', 'userinfo', 'revoke', 'introspect']) {
    const read = (address) => fetch(address, { method: 'POST' }).then((r) => r.status, (e) => e.message);
    assert.equal(await tab.evaluate(read, `${stack.issuer}/${endpoint}`), 'Failed to fetch', endpoint);
  }
  await tab.close();
});
