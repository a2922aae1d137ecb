// Signing in with an upstream, node-oidc-provider, in a browser, as docs/recipes/upstreams.md says.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { arrived, assertNoneIn, openBrowser, signIn } from '../../../ui/tests/e2e/browser.mjs';
import { root, startStack } from '../../../ui/tests/e2e/stack.mjs';
import { signInThere, startProvider } from './provider.mjs';
import { recipe, run } from './recipe.mjs';

const secret = 'the-secret-of-gatehouse-there';
const people = {
  'g-alice': { email: 'alice@example.org', email_verified: true, name: 'Alice There', preferred_username: 'alice' },
  'g-bob': { email: 'bob@elsewhere.example', email_verified: true, name: 'Bob', preferred_username: 'Bob' },
  'g-carol': { email: 'carol@example.org', email_verified: false, name: 'Carol', preferred_username: 'carol' },
};
let stack, browser, upstream, relyingParty, callback, verifier;

before(async () => {
  stack = await startStack('upstream', { hub: false });
  browser = await openBrowser(stack.state);
  upstream = await startProvider({ client_id: 'ID', client_secret: secret, redirect_uris: [`${stack.issuer}/upstream/google/callback`,
    `${stack.issuer}/upstream/twin/callback`] }, people);
  relyingParty = createServer((_, answer) => answer.end('signed in')).listen(0, '127.0.0.1');
  await once(relyingParty, 'listening');
  callback = `http://127.0.0.1:${relyingParty.address().port}/cb`;
  const file = join(stack.state, 'secret');
  writeFileSync(file, secret);
  browser.secrets.set(secret, 'the client secret');
  await stack.gatehouse(['client', 'add', 'rp', '--public', '--first-party', '--name', 'The application', '--redirect-uri', callback]);
  const page = recipe('upstreams', { 'https://accounts.google.com': upstream.issuer, '< secret': `< ${file}` });
  const printed = await run(page.block('sh', 0), stack);
  assert.match(printed, new RegExp(`^${stack.issuer}/upstream/google/callback$`, 'm'));
});
after(async () => {
  relyingParty?.close();
  await upstream?.stop();
  await browser?.close();
  await stack?.stop();
});

/** The relying party sends a page to Gatehouse. */
async function begin(page, more = {}) {
  verifier = randomBytes(32).toString('base64url');
  const query = new URLSearchParams({ response_type: 'code', client_id: 'rp', redirect_uri: callback, scope: 'openid email profile',
    state: 's', code_challenge: createHash('sha256').update(verifier).digest('base64url'), code_challenge_method: 'S256',
    ...more });
  await page.goto(`${stack.issuer}/authorize?${query}`);
}
const press = (page, name = 'Google') => page.click(`button:has-text("Continue with ${name}")`);
const offline = (page) => page.route((url) => !['localhost', '127.0.0.1'].includes(url.hostname), (route) => route.abort());
const fresh = async () => {
  const page = await browser.newPage();
  await offline(page);
  return page;
};
/** The ID token's claims that the relying party gets in the end. */
async function claims(page) {
  await arrived(page, callback);
  const code = new URL(page.url()).searchParams.get('code');
  assert.ok(code, page.url());
  const answer = await (await fetch(`${stack.issuer}/token`, { method: 'POST', body: new URLSearchParams({
    grant_type: 'authorization_code', code, redirect_uri: callback, client_id: 'rp', code_verifier: verifier }) })).json();
  const info = await fetch(`${stack.issuer}/userinfo`, { headers: { authorization: `Bearer ${answer.access_token}` } });
  return info.json();
}
const alert = async (page) => (await page.waitForSelector('[role=alert]')).innerText();

test('an unknown account is connected with the password, and known from then on', async (t) => {
  t.diagnostic(`with oidc-provider ${JSON.parse(readFileSync(join(root, 'node_modules/oidc-provider/package.json'), 'utf8')).version}`);
  await browser.watched('link', await fresh(), async (page) => {
    await begin(page);
    await page.waitForSelector('text=Continue with Google');
    await page.screenshot({ path: join(stack.state, 'pictures/buttons.png') });
    await press(page);
    await page.waitForURL(`${upstream.issuer}/**`);
    await browser.rememberCookies(page, stack.issuer);
    await signInThere(page, upstream.issuer, 'g-bob');
    await page.waitForSelector('text=bob@elsewhere.example');
    assert.deepEqual(await browser.violations(page), []);
    await page.screenshot({ path: join(stack.state, 'pictures/link.png') });
    await signIn(page, 'alice', 'demo passphrase');
    await signInThere(page, upstream.issuer, 'g-bob'); // asks for consent again, as prompt=consent of the recipe says
    assert.equal((await claims(page)).preferred_username, 'alice');
  });
  await browser.watched('known', await fresh(), async (page) => {
    await begin(page, { kc_idp_hint: 'google' });
    await signInThere(page, upstream.issuer, 'g-bob');
    assert.equal((await claims(page)).email, 'alice@example.org');
  });
  await stack.gatehouse(['upstream', 'unlink', 'google', 'alice']);
});

test('a verified address is enough for an upstream that is trusted for its domain, and for no other', async () => {
  await stack.sql(`UPDATE upstreams SET email_domains = '{example.org}', trusts_email = true WHERE name = 'google';`);
  for (const [login, means] of [['g-bob', 'wrong domain'], ['g-carol', 'not verified']]) {
    await browser.watched(means, await fresh(), async (page) => {
      await begin(page, { idp_hint: 'google' });
      await signInThere(page, upstream.issuer, login);
      const { preferred_username: username, email, email_verified: verified } = people[login];
      await page.waitForSelector(`text=with Google: ${verified ? email : username}`); // an address that nobody verified is not shown
    });
  }
  await browser.watched('trusted', await fresh(), async (page) => {
    await begin(page, { login_hint: 'alice@example.org' }); // straight there, by its domain
    await signInThere(page, upstream.issuer, 'g-alice');
    assert.equal((await claims(page)).preferred_username, 'alice');
  });
});

test('an upstream that creates users makes one for whoever is new', async () => {
  await stack.sql(`UPDATE upstreams SET email_domains = '{}', trusts_email = false, creates_users = true, username_pattern = '.+'
    WHERE name = 'google';`);
  await browser.watched('created', await fresh(), async (page) => {
    await begin(page, { kc_idp_hint: 'google' });
    await signInThere(page, upstream.issuer, 'g-bob');
    const { preferred_username, name, email } = await claims(page);
    assert.deepEqual({ preferred_username, name, email }, { preferred_username: 'bob', name: 'Bob', email: 'bob@elsewhere.example' });
  });
  await stack.sql(`UPDATE upstreams SET creates_users = false WHERE name = 'google';`);
});

test('who cancels there is back at the login page, and the password does', () => browser.watched('cancelled', undefined, async () => {
  const page = await fresh();
  await begin(page, { kc_idp_hint: 'google' });
  await page.click('text=Cancel');
  assert.match(await alert(page), /Google: the sign-in was cancelled/);
  await page.screenshot({ path: join(stack.state, 'pictures/cancelled.png') });
  await signIn(page, 'alice', 'demo passphrase');
  assert.equal((await claims(page)).preferred_username, 'alice');
}));

test('an answer for another nonce, person, upstream or browser signs nobody in', async () => {
  const spoiled = {
    nonce: (context, go) => {
      if (context.path === '/auth' && context.query.nonce) context.query = { ...context.query, nonce: 'of another sign-in' };
      return go();
    },
    person: async (context, go) => {
      await go();
      if (context.path === '/me') context.body = { ...context.body, sub: 'g-alice' };
    },
    'ID token': async (context, go) => {
      await go();
      if (context.path === '/token') context.body = { ...context.body, id_token: `${context.body.id_token.slice(0, -8)}AAAAAAAA` };
    },
    issuer: async (context, go) => {
      await go();
      const to = context.response.get('location');
      if (to?.includes('iss=')) context.set('location', to.replace(/iss=[^&]*/, 'iss=https%3A%2F%2Fevil.example.org'));
    },
  };
  for (const [what, spoil] of Object.entries(spoiled)) {
    upstream.spoil = spoil;
    await browser.watched(`wrong ${what}`, await fresh(), async (page) => {
      await begin(page, { kc_idp_hint: 'google' });
      await signInThere(page, upstream.issuer, 'g-bob');
      assert.match(await alert(page), /Google: the sign-in did not work/, what);
    });
  }

  let kept;
  upstream.spoil = async (context, go) => {
    await go();
    if (!context.response.get('location')?.startsWith(`${stack.issuer}/upstream/`)) return;
    kept = context.response.get('location');
    context.status = 200;
    context.body = 'kept';
  };
  await stack.gatehouse(['upstream', 'add', 'twin', '--issuer', upstream.issuer, '--client-id', 'ID'], secret);
  const page = await fresh();
  await begin(page, { kc_idp_hint: 'google' });
  await signInThere(page, upstream.issuer, 'g-bob');
  await page.waitForSelector('text=kept');
  upstream.spoil = undefined;
  const elsewhere = await fresh();
  for (const [there, address] of [[elsewhere, kept], [page, kept.replace('/upstream/google/', '/upstream/twin/')]]) {
    await there.goto(address);
    await arrived(there, `${stack.ui}/error`);
  }
  await page.goto(kept);
  assert.equal((await claims(page)).preferred_username, 'bob');
});

test('the log has no secret, code or token of an upstream', () => assertNoneIn(stack.logs(), browser.secrets));

test('an upstream that is down leaves the login page, and the password does', async () => {
  await upstream.stop();
  await new Promise((r) => { setTimeout(r, 10_000); }); // so long it may be sent where it was a moment ago
  await browser.watched('down', await fresh(), async (page) => {
    await begin(page);
    await press(page);
    assert.match(await alert(page), /Google does not answer right now/);
    await page.screenshot({ path: join(stack.state, 'pictures/down.png') });
    await signIn(page, 'alice', 'demo passphrase');
    assert.equal((await claims(page)).preferred_username, 'alice');
  });
});
