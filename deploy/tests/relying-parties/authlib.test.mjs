// Authlib's clients for requests, httpx and Flask, in clients/authlib_client.py: what it asks a person for is done here in a browser.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { arrived, openBrowser, signIn } from '../../../ui/tests/e2e/browser.mjs';
import { startStack } from '../../../ui/tests/e2e/stack.mjs';
import { python, withVersions } from './environment.mjs';

const program = join(import.meta.dirname, 'clients/authlib_client.py');
const audience = 'https://data.example.org';

let stack, browser, page, application, base, settings;
before(async () => {
  stack = await startStack('authlib', { hub: false });
  browser = await openBrowser(stack.state);
  page = await browser.newPage();
  application = createServer((_, response) => response.end('Back at the application')).listen(0, '127.0.0.1');
  await once(application, 'listening');
  base = `http://127.0.0.1:${application.address().port}`;
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  settings = { issuer: stack.issuer, secret: randomBytes(32).toString('base64url'), redirect_uri: `${base}/callback`,
    bye: `${base}/bye`, audience,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) };
  const common = { redirect_uris: [settings.redirect_uri], first_party: true, grant_types: ['authorization_code', 'refresh_token'] };
  await stack.gatehouse(['client', 'import', '-'], JSON.stringify([
    { client_id: 'web', client_secret: settings.secret, post_logout_redirect_uris: [settings.bye],
      scope: 'openid profile email offline_access read',
      grant_types: [...common.grant_types, 'client_credentials', 'urn:ietf:params:oauth:grant-type:token-exchange'] },
    { client_id: 'data', client_secret: settings.secret, grant_types: ['client_credentials'] },
    { client_id: 'with-key', token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [publicKey.export({ format: 'jwk' })] } },
  ].map((client) => ({ ...common, ...client }))));
  await stack.sql(`INSERT INTO exchange_policies (client_id, audience, scope) VALUES ('web', '${audience}', 'read');`);
});
after(async () => {
  await browser?.close();
  await stack?.stop();
  application?.close();
});

/** Runs a part of the program; gives what it found out. */
async function authlib(what) {
  const child = spawn(python, [program, what], { env: { ...process.env, SETTINGS: JSON.stringify(settings) } });
  const ended = once(child, 'close');
  let found, complaints = '';
  child.stderr.on('data', (data) => { complaints += data; });
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      const { open, ...said } = JSON.parse(line);
      if (open) child.stdin.write(`${await browser.watched(what, page, () => answerTo(open))}\n`);
      else found = said;
    }
    const [code] = await ended;
    assert.equal(code, 0, complaints);
  } finally {
    child.kill();
  }
  return found;
}

/** Opens an address of Gatehouse in the browser, where alice signs in unless she is; gives the address to which it sends her back. */
async function answerTo(address) {
  await page.goto(address);
  if (page.url().startsWith(`${stack.ui}/login`)) await signIn(page, 'alice', 'demo passphrase');
  await arrived(page, base);
  return page.url();
}

test('signs in with PKCE, validates the ID token, and reads userinfo', async (t) => {
  withVersions(t, ['Authlib', 'requests', 'httpx', 'Flask']);
  const { claims, refused, userinfo } = await authlib('login');
  assert.deepEqual([claims.iss, claims.aud, claims.name], [stack.issuer, 'web', 'Alice']);
  assert.deepEqual(refused, ['nonce', 'at_hash', 'aud'], 'what it refuses once that is another one');
  assert.deepEqual([userinfo.sub, userinfo.email], [claims.sub, 'alice@example.org']);
});

test('renews tokens that are about to expire, and tells the application', async () => {
  assert.deepEqual(await authlib('refresh'), { name: 'Alice', replaced: true, update: true, different: 6 });
});

test('introspects and revokes', async () => {
  const { known, after: later, ...rest } = await authlib('revoke');
  assert.deepEqual([known.active, known.client_id, known.username], [true, 'web', 'alice']);
  assert.deepEqual(later, [{ active: false }, { active: false }]);
  assert.deepEqual(rest, { status: 200, userinfo: 401, refresh: 'invalid_grant' });
});

test('exchanges a token for one that another service takes', async () => {
  const { type, seen, elsewhere } = await authlib('exchange');
  assert.equal(type, 'urn:ietf:params:oauth:token-type:access_token');
  assert.deepEqual([seen.active, [seen.aud].flat(), seen.scope, seen.act, seen.username],
    [true, [audience], 'read', { sub: 'web' }, undefined], 'a token without profile says whose it is to nobody');
  assert.equal(elsewhere, 'invalid_target');
});

test('gets a token for itself', async () => {
  const { scope, seen, wrong } = await authlib('itself');
  assert.deepEqual([scope, seen.active, seen.sub], ['read', true, 'web']);
  assert.equal(wrong, 'invalid_client');
});

test('private_key_jwt: signs in, renews, introspects and revokes, asynchronously', async () => {
  assert.deepEqual(await authlib('with_key'), { name: 'Alice', known: true, revoked: 200, after: { active: false } });
});

test('signs out of Gatehouse too, and comes back', async () => {
  assert.deepEqual(await authlib('logout'), { name: 'Alice', arrived: `${base}/bye?state=s`, userinfo: 401 });
  await page.goto(`${stack.issuer}/authorize?${new URLSearchParams({ client_id: 'web', redirect_uri: settings.redirect_uri, prompt: 'none',
    response_type: 'code', scope: 'openid', code_challenge: randomBytes(32).toString('base64url'), code_challenge_method: 'S256' })}`);
  assert.equal(new URL(page.url()).searchParams.get('error'), 'login_required');
});
