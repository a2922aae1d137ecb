// openid-client 6 as a relying party, in all that it can do with Gatehouse but registering itself. Whatever the client, ID tokens are
// verified with the key set of Gatehouse (enableNonRepudiationChecks).
import assert from 'node:assert/strict';
import { randomBytes, webcrypto } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import * as oidc from 'openid-client';
import { arrived, openBrowser, signIn } from '../../../ui/tests/e2e/browser.mjs';
import { root, startStack } from '../../../ui/tests/e2e/stack.mjs';

const { version } = JSON.parse(readFileSync(join(root, 'node_modules/openid-client/package.json'), 'utf8'));
const secret = randomBytes(32).toString('base64url');
const dataService = 'https://data.example.org';
const tokenType = 'urn:ietf:params:oauth:token-type:access_token';
const tokenExchange = 'urn:ietf:params:oauth:grant-type:token-exchange';
const deviceCode = 'urn:ietf:params:oauth:grant-type:device_code';

let stack, browser, page, application, base, keys;
before(async () => {
  stack = await startStack('openid-client', { hub: false,
    env: { GATEHOUSE_RESPONSE_TYPES: 'code,code id_token,id_token' } });
  browser = await openBrowser(stack.state);
  page = await browser.newPage();
  application = createServer((_, response) => response.end('Back at the application')).listen(0, 'localhost');
  await once(application, 'listening');
  base = `http://localhost:${application.address().port}`;
  keys = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']);
  await register();
});
after(async () => {
  await browser?.close();
  await stack?.stop();
  application?.close();
});

async function register() {
  const jwks = { keys: [{ ...await webcrypto.subtle.exportKey('jwk', keys.publicKey), kid: 'first' }] };
  const common = { redirect_uris: [`${base}/callback`], first_party: true, grant_types: ['authorization_code', 'refresh_token'] };
  const clients = [
    { client_id: 'web', client_secret: secret, post_logout_redirect_uris: [`${base}/bye`],
      scope: 'openid profile email offline_access read',
      grant_types: [...common.grant_types, 'client_credentials', deviceCode, tokenExchange] },
    { client_id: 'data', client_secret: secret, grant_types: ['client_credentials'] },
    { client_id: 'with-key', token_endpoint_auth_method: 'private_key_jwt', jwks },
    { client_id: 'signs', client_secret: secret, jwks, require_signed_request_object: true },
    { client_id: 'pushes', client_secret: secret, require_pushed_authorization_requests: true },
    { client_id: 'native', token_endpoint_auth_method: 'none', dpop_bound_access_tokens: true },
    { client_id: 'bank', token_endpoint_auth_method: 'private_key_jwt', jwks, security_profile: 'fapi2', dpop_bound_access_tokens: true,
      require_pushed_authorization_requests: true, require_signed_request_object: true, id_token_signed_response_alg: 'ES256' },
    { client_id: 'signed-answers', client_secret: secret, id_token_signed_response_alg: 'EdDSA', userinfo_signed_response_alg: 'PS256' },
    { client_id: 'hybrid', client_secret: secret, response_types: ['code id_token'], grant_types: ['authorization_code', 'implicit'] },
    { client_id: 'implicit', token_endpoint_auth_method: 'none', response_types: ['id_token'], grant_types: ['implicit'] },
  ];
  await stack.gatehouse(['client', 'import', '-'], JSON.stringify(clients.map((client) => ({ ...common, ...client }))));
  await stack.sql(`INSERT INTO exchange_policies (client_id, audience, scope) VALUES ('web', '${dataService}', 'read');`);
}

/** The library, set up for a client. `take()` lists what it has asked Gatehouse for since, and the statuses. */
async function configure(clientID, { metadata, auth, algorithm, execute = [] } = {}) {
  const asked = [];
  const kept = publicClients.includes(clientID) ? oidc.None() : oidc.ClientSecretBasic(secret);
  const config = await oidc.discovery(new URL(stack.issuer), clientID, metadata, auth ?? kept, { algorithm,
    execute: [oidc.allowInsecureRequests, oidc.enableNonRepudiationChecks, ...execute] }); // http, as on a developer's machine
  config[oidc.customFetch] = async (url, options) => {
    const answer = await fetch(url, options);
    asked.push(`${new URL(url).pathname} ${answer.status}`);
    return answer;
  };
  return { config, take: () => asked.splice(0).filter((line) => !line.startsWith('/jwks')) };
}
const publicClients = ['native', 'implicit'];
const ownKey = () => oidc.PrivateKeyJwt({ key: keys.privateKey, kid: 'first' });

/** Opens an address of the authorization endpoint in the browser, where alice signs in unless she is; gives where it ends. */
const answerTo = (address) => browser.watched(address.searchParams.get('client_id'), page, async () => {
  await page.goto(address.href);
  if (page.url().startsWith(`${stack.ui}/login`)) await signIn(page, 'alice', 'demo passphrase');
  await arrived(page, base);
  return new URL(page.url());
});

/** Signs alice in. `build` makes the address of the request, by value if it is not given. */
async function signInTo({ config }, { scope = 'openid profile email offline_access', build, parameters, DPoP, checks = {} } = {}) {
  const begun = { pkceCodeVerifier: oidc.randomPKCECodeVerifier(), expectedState: oidc.randomState(), expectedNonce: oidc.randomNonce() };
  const request = { redirect_uri: `${base}/callback`, scope, state: begun.expectedState, nonce: begun.expectedNonce, ...parameters,
    code_challenge: await oidc.calculatePKCECodeChallenge(begun.pkceCodeVerifier), code_challenge_method: 'S256' };
  const address = build ? await build(config, request) : oidc.buildAuthorizationUrl(config, request);
  return oidc.authorizationCodeGrant(config, await answerTo(address), { ...begun, ...checks }, undefined, { DPoP });
}

/** Fails unless the request is refused with this error code. */
async function refused(request, code) {
  const e = await request.then(() => assert.fail('it is allowed'), (error) => error);
  // The library leaves the body unread where there is a challenge, which has no code of the token endpoint (RFC 6749 §5.2).
  assert.equal(e.error ?? e.cause?.[0]?.parameters.error ?? (await e.response?.json())?.error, code, e.stack);
}

test('signs in with PKCE, and userinfo says the same of the same person', async (t) => {
  t.diagnostic(`with openid-client ${version}`);
  const web = await configure('web');
  assert.ok(web.config.serverMetadata().supportsPKCE());
  const tokens = await signInTo(web, { parameters: { max_age: '3600' }, checks: { maxAge: 3600 } });
  const { sub, auth_time: since, name } = tokens.claims();
  assert.ok(since > Date.now() / 1000 - 60 && name === 'Alice');
  assert.ok(tokens.expiresIn() > 60);
  const about = await oidc.fetchUserInfo(web.config, tokens.access_token, sub);
  assert.equal(about.email, 'alice@example.org');
  assert.deepEqual(web.take(), ['/token 200', '/userinfo 200']);
});

test('finds the same server by RFC 8414', async () => {
  const [openid, oauth] = [await configure('web'), await configure('web', { algorithm: 'oauth2' })];
  assert.deepEqual(oauth.config.serverMetadata(), openid.config.serverMetadata());
});

test('a refusal reaches the application as an error of the authorization response', async () => {
  const web = await configure('web');
  const somebody = await browser.newPage();
  const nobody = oidc.buildAuthorizationUrl(web.config, { redirect_uri: `${base}/callback`, scope: 'openid', prompt: 'none', state: 's',
    code_challenge: await oidc.calculatePKCECodeChallenge(oidc.randomPKCECodeVerifier()), code_challenge_method: 'S256' });
  await somebody.goto(nobody.href);
  await refused(oidc.authorizationCodeGrant(web.config, new URL(somebody.url()), { expectedState: 's' }), 'login_required');
  await somebody.context().close();
  const wrong = await configure('web', { auth: oidc.ClientSecretPost('wrong') });
  await refused(signInTo(wrong), 'invalid_client');
});

test('refreshes, introspects and revokes', async () => {
  const web = await configure('web');
  const first = await signInTo(web);
  const second = await oidc.refreshTokenGrant(web.config, first.refresh_token);
  assert.equal(second.claims().sub, first.claims().sub);
  for (const name of ['access_token', 'refresh_token']) assert.notEqual(second[name], first[name]);
  const narrow = await oidc.refreshTokenGrant(web.config, second.refresh_token, { scope: 'openid' });
  assert.equal(narrow.scope, 'openid');
  await refused(oidc.refreshTokenGrant(web.config, narrow.refresh_token, { scope: 'openid read' }), 'invalid_scope');

  const known = await oidc.tokenIntrospection(web.config, second.access_token);
  assert.deepEqual([known.active, known.client_id, known.username, known.sub], [true, 'web', 'alice', first.claims().sub]);
  const { active } = await oidc.tokenIntrospection(web.config, narrow.refresh_token, { token_type_hint: 'refresh_token' });
  assert.ok(active);
  await oidc.tokenRevocation(web.config, narrow.refresh_token, { token_type_hint: 'refresh_token' });
  await refused(oidc.refreshTokenGrant(web.config, narrow.refresh_token), 'invalid_grant');
  for (const token of [second.access_token, narrow.access_token, narrow.refresh_token]) {
    assert.deepEqual(await oidc.tokenIntrospection(web.config, token), { active: false });
  }
  await refused(oidc.fetchUserInfo(web.config, narrow.access_token, first.claims().sub), 'invalid_token');
});

test('a client gets a token for itself', async () => {
  const web = await configure('web');
  const own = await oidc.clientCredentialsGrant(web.config, { scope: 'read' });
  const { active, sub, scope } = await oidc.tokenIntrospection(web.config, own.access_token);
  assert.deepEqual([active, sub, scope], [true, 'web', 'read']);
  await refused(oidc.clientCredentialsGrant(web.config, { scope: 'write' }), 'invalid_scope');
});

test('a token is exchanged for one that another service takes, and ends with the first', async () => {
  const [web, data] = [await configure('web'), await configure('data')];
  const tokens = await signInTo(web, { scope: 'openid read' });
  const subject = { subject_token: tokens.access_token, subject_token_type: tokenType };
  const exchanged = await oidc.genericGrantRequest(web.config, tokenExchange, { ...subject, audience: dataService });
  assert.equal(exchanged.issued_token_type, tokenType);
  const seen = await oidc.tokenIntrospection(data.config, exchanged.access_token);
  assert.deepEqual([seen.active, seen.sub, [seen.aud].flat(), seen.act, seen.scope],
    [true, tokens.claims().sub, [dataService], { sub: 'web' }, 'read']);
  await refused(oidc.genericGrantRequest(web.config, tokenExchange, { ...subject, audience: 'https://other.example.org' }),
    'invalid_target');
  await oidc.tokenRevocation(web.config, tokens.access_token);
  assert.deepEqual(await oidc.tokenIntrospection(data.config, exchanged.access_token), { active: false });
});

test('a device polls until a person has allowed it', async () => {
  const web = await configure('web');
  const begun = await oidc.initiateDeviceAuthorization(web.config, { scope: 'openid offline_access' });
  const polled = oidc.pollDeviceAuthorizationGrant(web.config, begun);
  await browser.watched('device', page, async () => {
    await page.goto(begun.verification_uri_complete);
    await page.click('button[type=submit]');
    await arrived(page, `${stack.ui}/consent`);
    await page.click('button[name=consent][value=yes]');
    await arrived(page, `${stack.ui}/device-done`);
  });
  const tokens = await polled;
  assert.equal((await oidc.fetchUserInfo(web.config, tokens.access_token, tokens.claims().sub)).sub, tokens.claims().sub);
  assert.ok((await oidc.refreshTokenGrant(web.config, tokens.refresh_token)).access_token);
});

test('private_key_jwt: a client proves who it is with its key, and nobody else does', async () => {
  const client = await configure('with-key', { auth: ownKey() });
  const tokens = await signInTo(client);
  await oidc.refreshTokenGrant(client.config, tokens.refresh_token);
  const { active } = await oidc.tokenIntrospection(client.config, tokens.access_token);
  assert.ok(active);
  const strange = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']);
  const other = await configure('with-key', { auth: oidc.PrivateKeyJwt({ key: strange.privateKey, kid: 'first' }) });
  await refused(oidc.tokenRevocation(other.config, tokens.refresh_token), 'invalid_client');
  await oidc.tokenRevocation(client.config, tokens.refresh_token);
  assert.deepEqual(await oidc.tokenIntrospection(client.config, tokens.access_token), { active: false });
});

test('a pushed request is good for one answer, and the client has to push it', async () => {
  const client = await configure('pushes');
  let address;
  const build = async (...args) => { address = await oidc.buildAuthorizationUrlWithPAR(...args); return address; };
  const tokens = await signInTo(client, { build });
  assert.deepEqual([...address.searchParams.keys()].sort(), ['client_id', 'request_uri']);
  assert.equal(tokens.claims().name, 'Alice');
  assert.deepEqual(client.take(), ['/par 201', '/token 200']);
  assert.equal((await answerTo(address)).searchParams.get('error'), 'invalid_request_uri');
  await refused(signInTo(client), 'invalid_request');
});

test('a signed request object says all, and the client has to sign it', async () => {
  const client = await configure('signs');
  const sign = (config, request) => oidc.buildAuthorizationUrlWithJAR(config, request, { key: keys.privateKey, kid: 'first' });
  const beside = async (...args) => { // what is not signed does not count (RFC 9101 §6.3)
    const address = await sign(...args);
    for (const [name, value] of Object.entries({ scope: 'openid', state: 'other', nonce: 'other' })) address.searchParams.set(name, value);
    return address;
  };
  assert.ok((await signInTo(client, { build: beside })).refresh_token);
  await refused(signInTo(client), 'invalid_request');
  const strange = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']);
  const forge = (config, request) => oidc.buildAuthorizationUrlWithJAR(config, request, { key: strange.privateKey, kid: 'first' });
  const pushed = async (...args) => oidc.buildAuthorizationUrlWithPAR(client.config, (await forge(...args)).searchParams);
  await refused(signInTo(client, { build: pushed }), 'invalid_request_object');
});

test('DPoP: tokens of a public client are of use with its key only', async () => {
  const [native, data] = [await configure('native'), await configure('data')];
  const pair = await oidc.randomDPoPKeyPair();
  const DPoP = oidc.getDPoPHandle(native.config, pair);
  const tokens = await signInTo(native, { DPoP });
  assert.equal(tokens.token_type, 'dpop');
  assert.deepEqual(native.take(), ['/token 400', '/token 200'], 'the first proof has no nonce');
  const { sub } = tokens.claims();
  assert.equal((await oidc.fetchUserInfo(native.config, tokens.access_token, sub, { DPoP })).name, 'Alice');
  const next = await oidc.refreshTokenGrant(native.config, tokens.refresh_token, undefined, { DPoP });
  assert.deepEqual(native.take(), ['/userinfo 200', '/token 200'], 'the nonce of the last answer is known');
  const { cnf } = await oidc.tokenIntrospection(data.config, next.access_token);
  assert.equal(cnf.jkt, await DPoP.calculateThumbprint());

  const again = { DPoP: oidc.getDPoPHandle(native.config, pair) }; // as after a restart
  await oidc.fetchUserInfo(native.config, next.access_token, sub, again);
  assert.deepEqual(native.take(), ['/userinfo 401', '/userinfo 200']);
  const thief = { DPoP: oidc.getDPoPHandle(native.config, await oidc.randomDPoPKeyPair()) };
  await refused(oidc.fetchUserInfo(native.config, next.access_token, sub, thief), 'invalid_token');
  await refused(oidc.fetchUserInfo(native.config, next.access_token, sub), 'invalid_token');
  await refused(oidc.refreshTokenGrant(native.config, next.refresh_token, undefined, thief), 'invalid_grant');
  await refused(oidc.refreshTokenGrant(native.config, next.refresh_token), 'invalid_dpop_proof');
});

test('FAPI 2.0: a request that is signed and pushed, private_key_jwt and DPoP at once', async () => {
  const bank = await configure('bank', { auth: ownKey(), metadata: { id_token_signed_response_alg: 'ES256' } });
  const DPoP = oidc.getDPoPHandle(bank.config, await oidc.randomDPoPKeyPair());
  const build = async (config, request) => {
    const { searchParams } = await oidc.buildAuthorizationUrlWithJAR(config, request, { key: keys.privateKey, kid: 'first' });
    return oidc.buildAuthorizationUrlWithPAR(config, searchParams, { DPoP });
  };
  const tokens = await signInTo(bank, { build, DPoP });
  assert.deepEqual(bank.take(), ['/par 400', '/par 201', '/token 200']);
  await oidc.fetchUserInfo(bank.config, tokens.access_token, tokens.claims().sub, { DPoP });
  await oidc.refreshTokenGrant(bank.config, tokens.refresh_token, undefined, { DPoP });
});

test('ID token and userinfo are signed as the client is registered', async () => {
  const metadata = { id_token_signed_response_alg: 'EdDSA', userinfo_signed_response_alg: 'PS256' };
  const client = await configure('signed-answers', { metadata });
  const tokens = await signInTo(client);
  assert.equal((await oidc.fetchUserInfo(client.config, tokens.access_token, tokens.claims().sub)).name, 'Alice');
});

test('code id_token and id_token, where the deployment has them', async () => {
  const hybrid = await configure('hybrid', { execute: [oidc.useCodeIdTokenResponseType] });
  const tokens = await signInTo(hybrid); // in front c_hash, nonce and signature are verified, behind at_hash
  assert.equal((await oidc.fetchUserInfo(hybrid.config, tokens.access_token, tokens.claims().sub)).name, 'Alice');
  const implicit = await configure('implicit', { execute: [oidc.useIdTokenResponseType] });
  const nonce = oidc.randomNonce();
  const address = oidc.buildAuthorizationUrl(implicit.config,
    { redirect_uri: `${base}/callback`, scope: 'openid profile', nonce, state: 's' });
  const { name } = await oidc.implicitAuthentication(implicit.config, await answerTo(address), nonce, { expectedState: 's' });
  assert.equal(name, 'Alice');
});

test('signing out ends the session and its tokens, and comes back', async () => {
  const web = await configure('web');
  const tokens = await signInTo(web, { scope: 'openid' });
  const address = oidc.buildEndSessionUrl(web.config,
    { id_token_hint: tokens.id_token, post_logout_redirect_uri: `${base}/bye`, state: 's' });
  await page.goto(address.href);
  await arrived(page, base);
  assert.equal(page.url(), `${base}/bye?state=s`);
  assert.deepEqual(await oidc.tokenIntrospection(web.config, tokens.access_token), { active: false });
  await page.goto(oidc.buildAuthorizationUrl(web.config, { redirect_uri: `${base}/callback`, scope: 'openid', code_challenge_method: 'S256',
    code_challenge: await oidc.calculatePKCECodeChallenge(oidc.randomPKCECodeVerifier()) }).href);
  await arrived(page, `${stack.ui}/login`);
});
