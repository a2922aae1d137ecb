// What a browser does for relying parties on another site: front-channel logout, and session management, over https with real cookies.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { promisify } from 'node:util';
import { chromium } from 'playwright-core';
import { makeCertificates } from '../../../deploy/tests/certificates.mjs';
import { findChromium, launchArgs } from '../chromium.mjs';
import { arrived, openBrowser, patience, signIn } from './browser.mjs';
import { forget, freePorts, program, root } from './stack.mjs';

const state = join(root, '.cache/e2e/single-logout');
const bin = join(root, '.cache/bin');
const running = [];
const options = { ignoreHTTPSErrors: true };
const verifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
let issuer, ui, browser, profile, one, two;

before(async () => {
  rmSync(state, { recursive: true, force: true });
  mkdirSync(state, { recursive: true });
  const certificates = makeCertificates(state, ['localhost']);
  const postgres = await program(join(bin, 'dev'), ['--fresh', 'postgres'],
    { DATABASE_URL: '', DEV_STATE: join(state, 'database') }, /^postgres:.*\n/m);
  running.push(postgres);
  const [api, pages, ...ports] = await freePorts(4);
  [issuer, ui] = [`https://localhost:${api}`, `https://localhost:${pages}`];
  const env = {
    DATABASE_URL: postgres.text().trim(), GATEHOUSE_ISSUER: issuer, GATEHOUSE_UI_ORIGIN: ui,
    GATEHOUSE_LISTEN: `127.0.0.1:${api}`, GATEHOUSE_UI_LISTEN: `127.0.0.1:${pages}`, GATEHOUSE_UI_ROOT: join(root, 'ui/dist'),
    GATEHOUSE_TLS_CERT_FILE: certificates.fullchain, GATEHOUSE_TLS_KEY_FILE: certificates.key,
    GATEHOUSE_ENCRYPTION_KEY: randomBytes(32).toString('base64'), GATEHOUSE_SESSION_MANAGEMENT: 'on',
  };
  const gatehouse = (args) => promisify(execFile)(join(bin, 'gatehouse'), args, { env: { ...process.env, ...env } });
  await gatehouse(['migrate', '--dev']);
  [one, two] = ['one', 'two'].map((id, i) => relyingParty(id, ports[i], certificates));
  for (const { id, origin } of [one, two]) {
    await gatehouse(['client', 'add', id, '--public', '--first-party', '--redirect-uri', `${origin}/callback`,
      '--post-logout-redirect-uri', `${origin}/bye`, '--frontchannel-logout-uri', `${origin}/out?fixed=1`]);
  }
  for (const command of ['serve', 'ui']) running.push(await program(join(bin, 'gatehouse'), [command], env, /listening/));
  browser = await openBrowser(state, options);
  // Pages of `browser` are incognito, where Chromium keeps cookies from frames of another site; this profile lets them have theirs.
  mkdirSync(join(state, 'profile/Default'), { recursive: true });
  writeFileSync(join(state, 'profile/Default/Preferences'),
    JSON.stringify({ profile: { cookie_controls_mode: 0, block_third_party_cookies: false } }));
  profile = await chromium.launchPersistentContext(join(state, 'profile'),
    { executablePath: await findChromium(), args: launchArgs, ...options });
  profile.setDefaultTimeout(patience);
});
beforeEach(async () => {
  await profile.clearCookies();
  for (const rp of [one, two]) Object.assign(rp, { seen: [], delay: 0 });
});
after(async () => {
  await profile?.close();
  await browser?.close();
  for (const each of running.reverse()) await each.stop();
  forget(join(state, 'database/postgres'));
});

/** Pages of a relying party on 127.0.0.1, which for browsers is another site than localhost; `seen` has what was asked of it. */
function relyingParty(id, port, { key, fullchain }) {
  const rp = { id, origin: `https://127.0.0.1:${port}`, seen: [], delay: 0 };
  const server = createServer({ key: readFileSync(key), cert: readFileSync(fullchain) }, (request, response) => {
    const url = new URL(request.url, rp.origin);
    response.setHeader('content-type', 'text/html');
    if (url.pathname === '/callback') response.setHeader('set-cookie', `${id}=in; Path=/; Secure; HttpOnly; SameSite=None`);
    setTimeout(() => {
      rp.seen.push({ path: url.pathname, query: Object.fromEntries(url.searchParams), headers: request.headers, at: Date.now() });
      response.end(`<!doctype html><title>${id}</title>`);
    }, url.pathname === '/out' ? rp.delay : 0);
  }).listen(port, '127.0.0.1');
  running.push({ stop: () => { server.closeAllConnections(); server.close(); } });
  return rp;
}
const outs = (rp) => rp.seen.filter(({ path }) => path === '/out');

/** Signs alice in at a relying party; gives its ID token and the session_state. */
async function enter(page, rp) {
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  const redirect = `${rp.origin}/callback`;
  await page.goto(`${issuer}/authorize?${new URLSearchParams({ client_id: rp.id, redirect_uri: redirect, response_type: 'code',
    scope: 'openid', code_challenge: challenge, code_challenge_method: 'S256' })}`);
  if (page.url().startsWith(ui)) await signIn(page, 'alice', 'demo passphrase');
  await arrived(page, redirect);
  const answer = new URL(page.url()).searchParams;
  const response = await page.context().request.post(`${issuer}/token`, { form: { grant_type: 'authorization_code', client_id: rp.id,
    redirect_uri: redirect, code: answer.get('code'), code_verifier: verifier } });
  return { idToken: (await response.json()).id_token, sessionState: answer.get('session_state') };
}
const sidOf = (idToken) => JSON.parse(Buffer.from(idToken.split('.')[1], 'base64url')).sid;
const logout = (rp, hint) =>
  `${issuer}/logout?${new URLSearchParams({ id_token_hint: hint, post_logout_redirect_uri: `${rp.origin}/bye`, state: 's' })}`;

/** What check_session_iframe answers to a page of the relying party, null for nothing. */
const ask = (page, message) => page.evaluate(async ([src, asked]) => {
  let frame = document.querySelector('iframe');
  if (!frame) {
    frame = document.body.appendChild(Object.assign(document.createElement('iframe'), { src, hidden: true }));
    await new Promise((loaded) => { frame.onload = loaded; });
  }
  return new Promise((resolve) => {
    setTimeout(resolve, 1000, null);
    addEventListener('message', (e) => {
      if (e.source === frame.contentWindow && e.origin === new URL(src).origin) resolve(e.data);
    }, { once: true });
    frame.contentWindow.postMessage(asked, '*');
  });
}, [`${issuer}/check_session`, message]);

test('a logout loads both clients in frames, with their cookies, before it goes back', async () => {
  const page = await profile.newPage();
  const { idToken } = await enter(page, one);
  await enter(page, two);
  two.delay = 1500;
  await browser.watched('front', page, async () => {
    await page.goto(logout(one, idToken), { waitUntil: 'commit' });
    await page.waitForSelector('iframe', { state: 'attached' });
    assert.deepEqual(await browser.violations(page), []);
    await arrived(page, `${one.origin}/bye`);
  });
  assert.equal(page.url(), `${one.origin}/bye?state=s`);
  for (const rp of [one, two]) {
    const [out, ...more] = outs(rp);
    assert.equal(more.length, 0);
    assert.deepEqual(out.query, { fixed: '1', iss: issuer, sid: sidOf(idToken) });
    assert.equal(out.headers['sec-fetch-dest'], 'iframe');
    assert.match(out.headers.cookie, new RegExp(`${rp.id}=in`), 'without its cookie it cannot sign anybody out');
    assert.equal(out.headers.referer, undefined);
    assert.ok(out.at <= one.seen.find(({ path }) => path === '/bye').at, `${rp.id} was told after the browser had gone on`);
  }
  await page.goBack();
  assert.ok(!page.url().startsWith(issuer), 'the way back leads to the logout');
  await page.close();
});

test('a client that does not answer holds nobody for longer than a few seconds', async () => {
  const page = await profile.newPage();
  const { idToken } = await enter(page, two);
  two.delay = 20_000;
  const before = Date.now();
  await page.goto(logout(two, idToken), { waitUntil: 'commit' });
  await arrived(page, `${two.origin}/bye`);
  const took = Date.now() - before;
  assert.ok(took > 3500 && took < 8000, `${took} ms`);
  await page.close();
});

test('without scripts the page goes on, too', async () => {
  const page = await profile.newPage();
  const { idToken } = await enter(page, one);
  const session = await profile.newCDPSession(page);
  await session.send('Emulation.setScriptExecutionDisabled', { value: true });
  await page.goto(logout(one, idToken));
  assert.equal(await page.getAttribute('a', 'href'), `${one.origin}/bye?state=s`);
  await page.waitForURL(`${one.origin}/bye?state=s`);
  assert.equal(outs(one).length, 1);
  await page.close();
});

test('check_session_iframe says unchanged, then changed after a logout in another tab, and unchanged again to whoever asked anew',
  async () => {
  const page = await profile.newPage();
  const { idToken, sessionState } = await enter(page, one);
  await browser.watched('session', page, async () => {
    assert.equal(await ask(page, `one ${sessionState}`), 'unchanged');
    assert.equal(await ask(page, `two ${sessionState}`), 'changed');
    const other = await profile.newPage();
    const fromTwo = await enter(other, two);
    assert.equal(await ask(other, `two ${fromTwo.sessionState}`), 'unchanged');
    assert.equal(await ask(other, `one ${sessionState}`), 'changed', 'of another origin');
    assert.equal(await ask(page, `one ${sessionState}`), 'unchanged', 'single sign-on changes nothing');
    await other.goto(logout(one, idToken));
    await arrived(other, `${one.origin}/bye`);
    assert.equal(await ask(page, `one ${sessionState}`), 'changed');
    await other.close();
    const signedIn = await enter(page, one);
    assert.equal(await ask(page, `one ${signedIn.sessionState}`), 'unchanged');
    assert.equal(await ask(page, `one ${sessionState}`), 'changed');
  });
  await page.close();
});

test('check_session_iframe answers an error to what is no question, and nothing to a frame beside it', async () => {
  const page = await profile.newPage();
  const { sessionState } = await enter(page, one);
  for (const nonsense of ['', 'one', `one ${sessionState.split('.')[0]}`, `${'x'.repeat(256)} ${sessionState}`, `one ${sessionState} `,
    `one ${'A'.repeat(1 << 20)}.b`, { one: sessionState }, null, 7]) {
    assert.equal(await ask(page, nonsense), 'error', JSON.stringify(nonsense).slice(0, 40));
  }
  // A frame of two in the page of one has another origin than the page around.
  await page.evaluate(async (src) => {
    const frame = document.body.appendChild(Object.assign(document.createElement('iframe'), { src, name: 'beside' }));
    await new Promise((loaded) => { frame.onload = loaded; });
  }, `${two.origin}/page`);
  const reply = await page.frame('beside').evaluate((message) => new Promise((resolve) => {
    setTimeout(resolve, 1000, null);
    addEventListener('message', (e) => resolve(e.data));
    parent.frames[0].postMessage(message, '*');
  }), `one ${sessionState}`);
  assert.equal(reply, null);
  await page.close();
});

test('a browser that keeps its cookies from frames says that everybody has changed, and tells the clients without theirs', async () => {
  const page = await browser.newPage();
  const { idToken, sessionState } = await enter(page, one);
  assert.equal(await ask(page, `one ${sessionState}`), 'changed');
  await page.goto(logout(one, idToken));
  await arrived(page, `${one.origin}/bye`);
  assert.equal(outs(one).length, 1);
  assert.equal(outs(one)[0].headers.cookie, undefined);
  await page.context().close();
});
