// Signing out of Gatehouse signs out of the Hub and of JupyterLab, in the back channel, with the configuration as it is printed.
import assert from 'node:assert/strict';
import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { arrived, assertNoneIn, openBrowser } from './browser.mjs';
import { startHub, within } from './jupyterhub.mjs';
import { freePorts, root, startStack } from './stack.mjs';

let stack, browser, hub, alice, bob, issuer, relay;
const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const caught = []; // what was sent to the Hub while the relay stood in its place

before(async () => {
  stack = await startStack('hub-logout', { hub: false });
  await stack.sql(`INSERT INTO users (sub, username, password) VALUES ('sub-bob', 'bob', password_hash('the password of bob'));`);
  const jwks = JSON.stringify({ keys: [{ ...keys.publicKey.export({ format: 'jwk' }), kid: 'test', alg: 'ES256' }] });
  const [issuerPort, relayPort] = await freePorts(2);
  issuer = serve(issuerPort, (_, response) => { response.end(jwks); });
  relay = serve(relayPort, async (request, response) => {
    let body = '';
    for await (const data of request) body += data;
    caught.push(body);
    response.end();
  });
  // Below what was printed: the same receiver once more, for an issuer whose key is here, so that anything can be signed.
  hub = await startHub(stack, { settings: `
another = {}
exec(open("${join(root, 'deploy/jupyterhub/gatehouse_logout.py')}").read(), another)
c.JupyterHub.extra_handlers.append((r"/test_logout", another["backchannel_logout"]("${issuer.url}")))` });
  browser = await openBrowser(stack.state);
  [alice, bob] = [await browser.newPage(), await browser.newPage()];
});
after(async () => {
  await browser?.close();
  await hub?.stop();
  issuer?.close();
  relay?.close();
  await stack?.stop();
});

function serve(port, answer) {
  return Object.assign(createServer(answer).listen(port, '127.0.0.1'), { url: `http://127.0.0.1:${port}` });
}
/** Signs out at Gatehouse itself, in a tab beside. */
async function signOut(page) {
  const tab = await browser.newPage(page);
  await tab.goto(`${stack.issuer}/logout`);
  await tab.click('button[name=logout][value=yes]');
  await arrived(tab, `${stack.ui}/signed-out`);
  await tab.close();
}
const started = async (page) => (await hub.user(page)).servers[''].started;

test('the configuration that is tested is the one that is printed, byte for byte but for what is made up each time', async () => {
  const once = (text) => text.replace(/(client_secret|keys) = .*/g, '$1').replaceAll(/\b(hub|again)\b(?=["&])/g, 'ID');
  const again = await stack.gatehouse(['client', 'add', 'again', '--template', 'jupyterhub', '--url', hub.url]);
  assert.equal(once(readFileSync(hub.file, 'utf8')), once(again));
  assert.ok(again.includes(readFileSync(join(root, 'deploy/jupyterhub/gatehouse_logout.py'), 'utf8').trim()));
  await stack.gatehouse(['client', 'remove', 'again']);
});

test('people sign in and open JupyterLab', async (t) => {
  t.diagnostic(`with jupyterhub ${hub.text().match(/JupyterHub version (\S+)/)?.[1]}`);
  await browser.watched('alice', alice, () => hub.signIn(alice, 'alice', 'demo passphrase'));
  await browser.watched('lab', alice, () => hub.lab(alice, 'alice'));
  await browser.watched('bob', bob, () => hub.signIn(bob, 'bob', 'the password of bob'));
  await browser.rememberCookies(alice, stack.issuer);
});

test('signing out of Gatehouse signs out of the Hub, soon of JupyterLab, too', () => browser.watched('out', alice, async (page) => {
  assert.ok(await hub.knows(page));
  const before = await started(page);
  await signOut(page);
  await within(5, 'the Hub does not know alice', async () => !await hub.knows(page));
  assert.ok(page.url().startsWith(`${hub.url}/hub/login`), page.url());
  await within(45, 'JupyterLab does not know alice', async () => {
    await page.goto(`${hub.url}/user/alice/lab`);
    return page.url().startsWith(`${hub.url}/hub/login`);
  });
  assert.ok(await hub.knows(bob), 'bob was signed out, too');
  assert.match(await stack.gatehouse(['client', 'logouts', 'hub']), /alice +delivered/);
  await hub.signIn(page, 'alice', 'demo passphrase');
  assert.equal(await started(page), before, 'the server was restarted');
}));

test('ending the sessions with SQL, and disabling the user, sign out as well', async () => {
  const sid = "user_id = (SELECT id FROM users WHERE username = 'bob')";
  for (const sql of [`UPDATE sessions SET ended_at = now() WHERE ended_at IS NULL AND ${sid};`,
    "UPDATE users SET disabled_at = now() WHERE username = 'bob';"]) {
    assert.ok(await hub.knows(bob));
    await stack.sql(sql);
    await within(8, `the Hub does not know bob after ${sql}`, async () => !await hub.knows(bob));
    if (sql.includes('sessions')) await hub.signIn(bob, 'bob', 'the password of bob');
  }
  assert.ok(await hub.knows(alice), 'alice was signed out, too');
});

const event = 'http://schemas.openid.net/event/backchannel-logout';
const disabled = 'https://schemas.openid.net/secevent/risc/event-type/account-disabled';
const post = (path, body, type = 'application/x-www-form-urlencoded') => fetch(`${hub.url}/hub/${path}`,
  { method: 'POST', headers: { 'content-type': type }, body });
const base64 = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

/** A logout token of the issuer whose key is here, but for what is changed; undefined leaves a claim out. */
function token(changes = {}, header = {}, key = keys.privateKey) {
  const now = Math.floor(Date.now() / 1000);
  const usual = { iss: issuer.url, aud: hub.id, iat: now, exp: now + 120, jti: randomUUID(), sub: 'nobody here', events: { [event]: {} } };
  const claims = { ...usual, ...changes };
  const signed = `${base64({ alg: 'ES256', typ: 'logout+jwt', kid: 'test', ...header })}.${base64(claims)}`;
  return `${signed}.${sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

test('the receiver takes logout tokens of its issuer for this Hub, once each, and nothing else (§2.6)', async () => {
  const now = Math.floor(Date.now() / 1000);
  const good = token();
  const first = await post('test_logout', `logout_token=${good}`);
  assert.equal(first.status, 200, 'somebody who never was here is signed out');
  assert.equal(first.headers.get('cache-control'), 'no-store');
  const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const unsigned = `${base64({ alg: 'none', typ: 'logout+jwt', kid: 'test' })}.${good.split('.')[1]}.`;
  for (const [what, refused] of Object.entries({
    'seen before': good, 'not a token': 'x', 'no token': '', unsigned, 'signed by another': token({}, {}, stranger),
    'HS256 with the public key': token({}, { alg: 'HS256' }),
    'an ID token': token({}, { typ: 'JWT' }), 'no typ': token({}, { typ: undefined }),
    'of another issuer': token({ iss: stack.issuer }), 'for another client': token({ aud: 'wiki' }),
    expired: token({ iat: now - 300, exp: now - 180 }), 'from the future': token({ iat: now + 300, exp: now + 400 }),
    'without exp': token({ exp: undefined }), 'without iat': token({ iat: undefined }), 'without jti': token({ jti: undefined }),
    'without sub': token({ sub: undefined }), 'without events': token({ events: undefined }),
    'of another event': token({ events: { x: {} } }),
    'an event that is no object': token({ events: { [event]: true } }),
    'an end without a logout': token({ events: {}, [disabled]: { reason: 'expired' } }),
    'an end that is no object': token({ [disabled]: 'expired' }), 'with a nonce': token({ nonce: 'n' }),
  })) {
    const answer = await post('test_logout', `logout_token=${refused}`);
    assert.equal(answer.status, 400, what);
    assert.equal((await answer.json()).error, 'invalid_request', what);
  }
  assert.equal((await post('test_logout', `logout_token=${token()}&logout_token=${token()}`)).status, 400, 'two tokens');
  assert.equal((await post('test_logout', JSON.stringify({ logout_token: token() }), 'application/json')).status, 400, 'JSON');
  assert.equal((await post('test_logout', `logout_token=${token()}&x=${'x'.repeat(40_000)}`)).status, 400, 'too large');
  assert.equal((await fetch(`${hub.url}/hub/test_logout`)).status, 405);
  assert.equal((await post('no_receiver', `logout_token=${token()}`)).status, 403, 'what a Hub without the receiver says');
  assert.equal((await post('test_logout', `logout_token=${token()}`)).status, 200, 'and the next one');
  // A key that is not known is looked for, but not more often than every ten seconds: until then the sender is asked to come again.
  assert.ok([400, 503].includes((await post('test_logout', `logout_token=${token({}, { kid: 'new' })}`)).status));
  assert.equal((await post('test_logout', `logout_token=${token({}, { kid: 'newer' })}`)).status, 503);
});

test('what Gatehouse sends is good for its client only, and once', async () => {
  await stack.sql(`UPDATE clients SET backchannel_logout_uri = '${relay.url}/' WHERE client_id = '${hub.id}';
    INSERT INTO backchannel_logouts (client_id, sub, next_attempt_at, created_at) VALUES ('${hub.id}', 'sub-bob', now(), now());`);
  await within(8, 'the relay was sent something', () => caught.length === 1);
  const [body] = caught;
  assert.equal((await post('backchannel_logout', body)).status, 200);
  assert.equal((await post('backchannel_logout', body)).status, 400, 'seen before');
  browser.secrets.set(body.replace('logout_token=', ''), 'logout token');
});

test('the logs hold no secret', () => {
  const { secrets } = browser;
  secrets.set(hub.printed.match(/client_secret = "(.+)"/)[1], 'client secret');
  secrets.set(hub.printed.match(/CryptKeeper.keys = \["(.+)"\]/)[1], 'key of the Hub');
  assert.ok([...secrets.values()].some((what) => what.startsWith('cookie')), 'no cookie was seen');
  assertNoneIn(stack.logs(), secrets);
  secrets.forEach((what, secret) => { assert.ok(!hub.text().includes(secret), `${what} in the log of the Hub`); });
});
