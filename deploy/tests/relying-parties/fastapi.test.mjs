// deploy/fastapi by itself, with Gatehouse's access tokens, as docs/recipes/fastapi.md says.
import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openBrowser, signIn } from '../../../ui/tests/e2e/browser.mjs';
import { freePorts, program, startStack } from '../../../ui/tests/e2e/stack.mjs';
import { makeCertificates } from '../certificates.mjs';
import { python, withVersions } from './environment.mjs';
import { recipe, run } from './recipe.mjs';
import { tokensFor } from './sign-in.mjs';
import { answer, authorize, execute, strangers } from './swagger.mjs';

let stack, browser, page;
before(async () => {
  stack = await startStack('fastapi', { hub: false });
  browser = await openBrowser(stack.state);
  page = recipe('fastapi', { 'https://api.example.org': stack.issuer });
});
after(async () => {
  await browser?.close();
  await stack?.stop();
});

describe('directly with Gatehouse', () => {
  let service, own, swagger, tokens;
  before(async () => {
    const [port] = await freePorts(1);
    own = `http://localhost:${port}`;
    page = recipe('fastapi', { 'https://api.example.org': stack.issuer, 'https://service.example.org': own,
      '--port 8010': `--port ${port}` });
    await run(page.block('sh', 2), stack);
    service = await start(page.block('sh', 3), port);
    await stack.sql(`INSERT INTO clients (client_id, token_endpoint_auth_method, redirect_uris, first_party, audiences) VALUES
      ('own', 'none', '{http://localhost/}', true, '{${own}}'),
      ('other', 'none', '{http://localhost/}', true, '{https://other.example.org}');`);
    tokens = await tokensFor(stack, 'own', 'http://localhost/', 'openid profile groups');
  });
  after(() => service?.stop());
  const start = (command, port) => program('bash', ['-euc', `exec ${command.replace(/^.*(?=ISSUER)/s, 'env ')}`],
    { PATH: `${dirname(python)}:${process.env.PATH}` }, new RegExp(`running on http://127.0.0.1:${port}`));

  test('Swagger UI signs in with PKCE from another origin, in a popup', async (t) => {
    withVersions(t, ['fastapi', 'uvicorn', 'PyJWT', 'httpx']);
    swagger = await browser.newPage();
    const others = strangers(swagger, [own, stack.issuer]);
    await browser.watched('swagger', swagger, async () => {
      await swagger.goto(`${own}/docs`);
      await authorize(swagger, async (popup) => {
        await signIn(popup, 'alice', 'demo passphrase');
        await popup.click('button[name=consent][value=yes]');
      });
      await swagger.screenshot({ path: `${stack.state}/pictures/direct-authorized.png` });
      await swagger.click('.btn-done');
      const me = await execute(swagger, '/me');
      assert.equal(me.status, '200');
      assert.equal(me.body.preferred_username, 'alice');
      assert.ok(me.body.sub && me.body.groups.includes('hub-admins'), JSON.stringify(me.body));
      await swagger.screenshot({ path: `${stack.state}/pictures/direct-me.png`, fullPage: true });
      assert.equal((await execute(swagger, '/admins')).status, '200');
    });
    assert.deepEqual([...others], [], 'Swagger UI loads from elsewhere');
  });

  test('at another address than the registered one the popup says that the application is not set up correctly', async () => {
    const elsewhere = await browser.newPage();
    await elsewhere.goto(`${own.replace('localhost', '127.0.0.1')}/docs`);
    await elsewhere.click('.btn.authorize');
    const opening = elsewhere.context().waitForEvent('page');
    await elsewhere.click('.modal-ux .btn.auth.authorize');
    const says = await (await opening).innerText('h1');
    assert.ok(page.text.includes(says), `the page does not quote: ${says}`);
    await elsewhere.context().close();
  });

  test('without a token, and with one in the address, it is 401 with a challenge that names no error', async () => {
    for (const url of [`${own}/me`, `${own}/me?token=${tokens.access_token}`]) {
      const { status, challenge } = await answer(url);
      assert.equal(status, 401);
      assert.equal(challenge, 'Bearer realm="service"');
    }
    assert.equal((await answer(`${own}/`)).status, 200);
  });

  test('a scope that was not granted is 403 insufficient_scope, and so the groups stay unknown', async () => {
    const narrow = await tokensFor(stack, 'own', 'http://localhost/', 'openid');
    assert.equal((await answer(`${own}/me`, narrow.access_token)).status, 200);
    for (const path of ['/groups', '/admins']) {
      const { status, challenge, body } = await answer(own + path, narrow.access_token);
      assert.equal(status, 403);
      assert.match(challenge, /error="insufficient_scope".*scope="groups"/);
      assert.ok(page.text.includes(body.detail), body.detail);
    }
    assert.deepEqual((await answer(`${own}/groups`, tokens.access_token)).body, ['hub-admins']);
  });

  test('who is not in the group gets 403', async () => {
    await stack.sql("DELETE FROM group_members WHERE username = 'alice';");
    const { access_token } = await tokensFor(stack, 'own', 'http://localhost/', 'openid groups');
    const { status, body } = await answer(`${own}/admins`, access_token);
    assert.deepEqual([status, body.detail], [403, 'only for members of hub-admins']);
    await stack.sql("INSERT INTO group_members (username, group_name) VALUES ('alice', 'hub-admins');");
  });

  test('a token for another service, and an ID token, are refused in the words of the page', async () => {
    const other = await tokensFor(stack, 'other', 'http://localhost/', 'openid');
    for (const [token, why] of [[other.access_token, "Audience doesn't match"], [tokens.id_token, 'not an access token']]) {
      const { status, challenge, body } = await answer(`${own}/groups`, token);
      assert.equal(status, 401);
      assert.match(challenge, /error="invalid_token"/);
      assert.equal(body.detail, why);
      assert.ok(page.text.includes(why), `the page does not quote: ${why}`);
    }
  });

  test('a new key is found, and one that is no longer trusted is refused once the keys are read again', async () => {
    await stack.gatehouse(['key', 'rotate', 'ES256', '--emergency']);
    const until = Date.now() + 60_000;
    for (let status = 0; status !== 200; await new Promise((r) => { setTimeout(r, 1000); })) {
      assert.ok(Date.now() < until, 'the key is not found');
      const fresh = await tokensFor(stack, 'own', 'http://localhost/', 'openid groups');
      ({ status } = await answer(`${own}/groups`, fresh.access_token));
    }
    const { status, challenge } = await answer(`${own}/groups`, tokens.access_token);
    assert.equal(status, 401);
    assert.match(challenge, /Unable to find a signing key/);
  });

  test('who is disabled is refused at once where Gatehouse is asked', async () => {
    const { access_token } = await tokensFor(stack, 'own', 'http://localhost/', 'openid groups');
    assert.equal((await answer(`${own}/me`, access_token)).status, 200);
    await stack.sql("UPDATE users SET disabled_at = now() WHERE username = 'alice';");
    assert.equal((await answer(`${own}/me`, access_token)).status, 401);
    assert.equal((await answer(`${own}/groups`, access_token)).status, 200);
    await stack.sql("UPDATE users SET disabled_at = NULL WHERE username = 'alice';");
  });

  test('no code and no token is in its output', () => {
    for (const [secret, what] of [...browser.secrets, [tokens.access_token, 'token']]) assert.ok(!service.text().includes(secret), what);
  });
});

describe('tokens that Gatehouse would never make', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  let issuer, server, service, url, start, asked = 0;
  before(async () => {
    const [port] = await freePorts(1);
    url = `http://localhost:${port}/groups`;
    const folder = join(stack.state, 'certificates');
    mkdirSync(folder);
    const { ca, key, fullchain } = makeCertificates(folder, ['localhost']);
    server = createServer({ key: readFileSync(key), cert: readFileSync(fullchain) }, (request, response) => {
      if (request.url === '/jwks') asked += 1;
      response.end(JSON.stringify(request.url === '/jwks'
        ? { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k', alg: 'ES256', use: 'sig' }] }
        : { issuer, jwks_uri: `${issuer}/jwks`, authorization_endpoint: issuer, token_endpoint: issuer, userinfo_endpoint: issuer }));
    });
    await new Promise((done) => { server.listen(0, 'localhost', done); });
    issuer = `https://localhost:${server.address().port}`;
    start = (env) => program(python, ['-m', 'uvicorn', '--app-dir', 'deploy/fastapi', 'service:app', '--port', String(port)],
      { ISSUER: issuer, AUDIENCE: 'https://service.example.org', CLIENT_ID: 'x', ...env }, /running on/);
    service = await start({ SSL_CERT_FILE: ca });
  });
  after(async () => {
    await service?.stop();
    server?.close();
  });
  const signature = (text, key) => sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url');
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const now = Math.floor(Date.now() / 1000);
  const good = () => ({ iss: issuer, aud: [issuer, 'https://service.example.org'], sub: 'alice', iat: now, exp: now + 600, client_id: 'x',
    scope: 'groups', groups: ['staff'] });
  const made = (change = {}, header = {}, key = privateKey) => {
    const text = `${part({ alg: 'ES256', typ: 'at+jwt', kid: 'k', ...header })}.${part({ ...good(), ...change })}`;
    if (typeof key !== 'function') return `${text}.${signature(text, key)}`;
    return `${text}.${key(text)}`;
  };

  test('an authority of your own has to be trusted', () => assert
    .rejects(start({}), /ISSUER .* does not answer: .*CERTIFICATE_VERIFY_FAILED/));

  test('a good one passes', async () => {
    const { status, body } = await answer(url, made());
    assert.deepEqual([status, body], [200, ['staff']]);
  });

  const hmac = (text) => createHmac('sha256', publicKey.export({ format: 'pem', type: 'spki' })).update(text).digest('base64url');
  for (const [what, token] of Object.entries({
    'an expired one': () => made({ exp: now - 60 }),
    'one that never expires': () => made({ exp: undefined }),
    'one of another issuer': () => made({ iss: 'https://other.example.org' }),
    'one for another audience': () => made({ aud: [issuer, 'https://other.example.org'] }),
    'one without an audience': () => made({ aud: undefined }),
    'an ID token': () => made({}, { typ: 'JWT' }),
    'one without a type': () => made({}, { typ: undefined }),
    'one with a type that is no text': () => made({}, { typ: 7 }),
    'alg none': () => made({}, { alg: 'none' }, () => ''),
    'the public key as a secret': () => made({}, { alg: 'HS256' }, hmac),
    'another key under the same name': () => made({}, {}, other),
    'an unknown key': () => made({}, { kid: 'unknown' }, other),
    'a key with a name that no header may have': () => made({}, { kid: 'a\r\nSet-Cookie: b"é🔑' }, other),
    'no key at all': () => made({}, { kid: undefined }),
    'a changed one': () => made().replace(/\.[^.]+\./, `.${part({ ...good(), sub: 'mallory' })}.`),
    'no JWT': () => 'gibberish',
    'a critical header that nobody knows': () => made({}, { crit: ['x'], x: 1 }),
  })) {
    test(`${what} is refused`, async () => {
      const { status, challenge } = await answer(url, token());
      assert.equal(status, 401);
      assert.match(challenge, /^Bearer realm="service", error="invalid_token", error_description="[^"]+"$/);
    });
  }

  test('the page quotes what an expired one is told', async () => {
    const { body } = await answer(url, made({ exp: now - 60 }));
    assert.equal(body.detail, 'Signature has expired');
    assert.ok(page.text.includes(body.detail));
  });

  test('unknown keys do not make it ask for the keys each time', async () => {
    for (let i = 0; i < 5; i += 1) await answer(url, made({}, { kid: `unknown-${i}` }));
    assert.ok(asked <= 2, `asked ${asked} times`);
  });
});
