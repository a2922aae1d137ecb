// deploy/django with mozilla-django-oidc, as docs/recipes/django.md and personal-access-tokens.md say, in a real Chromium.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { arrived, assertNoneIn, openBrowser, signIn } from '../../../ui/tests/e2e/browser.mjs';
import { freePorts, program, root, startStack } from '../../../ui/tests/e2e/stack.mjs';
import { python, withVersions } from './environment.mjs';
import { recipe, run, secretIn } from './recipe.mjs';

let stack, browser, page, tokens, site, intranet, secret, django, person;
const variables = (more) => ({ PYTHON: python, PATH: `${dirname(python)}:${process.env.PATH}`, STATE: join(stack.state, 'django'), ...more });
const startCommand = () => page.block('sh', 1).replaceAll('the-secret-that-was-printed', secret);

/** Runs the site as the page says; `more` are settings that a test changes. */
async function start(more = {}) {
  await django?.stop();
  const listen = new URL(site).port;
  django = await program('bash', ['-euc', `exec env ${startCommand()}`], variables({ LISTEN: `127.0.0.1:${listen}`, ...more }),
    /Quit the server with CONTROL-C/);
}

before(async () => {
  stack = await startStack('django', { hub: false });
  browser = await openBrowser(stack.state);
  const [port] = await freePorts(1);
  site = `http://localhost:${port}`;
  intranet = `http://127.0.0.1:${port}`;
  const places = { 'https://api.example.org': stack.issuer, 'https://django.example.org': site, 'https://intranet.example.org': intranet,
    'django.example.org,intranet.example.org': 'localhost,127.0.0.1' };
  page = recipe('django', places);
  tokens = recipe('personal-access-tokens', places);
  secret = secretIn(await run(page.block('sh', 0), stack));
  mkdirSync(join(stack.state, 'django'));
  await start();
  person = await browser.newPage();
});
after(async () => {
  await django?.stop();
  await browser?.close();
  await stack?.stop();
});

/** Presses the button that /info has for Gatehouse, and types the password where it is asked for. */
async function signInAt(tab, origin, password = 'password') {
  await tab.goto(origin);
  await tab.click('text=Sign in with Gatehouse');
  await tab.waitForURL((url) => url.href.startsWith(`${stack.ui}/login`) || url.href === `${origin}/`);
  if (!tab.url().startsWith(origin)) {
    await tab.waitForSelector('input[name=username]');
    await signIn(tab, 'alice', password);
    await tab.waitForURL(`${origin}/`);
  }
  await tab.waitForSelector('#name');
}
const asked = async (tab, path) => tab.evaluate(async (p) => (await fetch(p)).json(), path);
const shell = async (...args) => (await promisify(execFile)(join(root, 'deploy/django/start'), args, { env: { ...process.env,
  ...variables({ ISSUER: stack.issuer, CLIENT_ID: 'django', CLIENT_SECRET: secret }) } })).stdout.trim();
const nobodyAt = async (tab, origin = site) => {
  await tab.goto(origin);
  await tab.waitForSelector('text=Nobody is signed in');
};
const api = async (token) => {
  const answer = await fetch(`${site}/api/me`, { headers: { authorization: `Bearer ${token}` } });
  return { status: answer.status, challenge: answer.headers.get('www-authenticate'), body: await answer.json() };
};
/** The addresses that a tab asks for, from now on. */
function trail(tab) {
  const list = [];
  tab.on('request', (request) => { if (request.isNavigationRequest()) list.push(request.url()); });
  return list;
}

describe('signing in', () => {
  test('/info has the buttons that the recipe shows', async (t) => {
    withVersions(t, ['Django', 'mozilla-django-oidc', 'requests', 'PyJWT']);
    await stack.sql(`INSERT INTO upstreams (name, display_name, issuer, client_id) VALUES ('google', 'Google', 'https://accounts.google.com', 'x');`);
    const started = Date.now();
    let info;
    do { // Gatehouse's document may be kept for a minute
      info = JSON.parse(await run(page.block('sh', 3), stack));
    } while (info.auth.methods.length < 2 && Date.now() < started + 70_000);
    assert.deepEqual(info, { ...JSON.parse(page.block('json')), host: new URL(site).host });
    const hinted = await fetch(`${site}${info.auth.methods[1].login_url}`, { redirect: 'manual' });
    assert.equal(new URL(hinted.headers.get('location')).searchParams.get('idp_hint'), 'google');
    const madeUp = await fetch(`${site}/oidc/authenticate/?idp_hint=evil`, { redirect: 'manual' });
    assert.equal(new URL(madeUp.headers.get('location')).searchParams.get('idp_hint'), null);
    await stack.sql(`DELETE FROM upstreams;`);
  });

  test('each of the two redirect URIs works, for one and the same user', () => browser.watched('sign-in', person, async () => {
    await signInAt(person, site);
    assert.equal(await person.innerText('#name'), 'Alice');
    const here = await asked(person, '/api/me');
    assert.deepEqual({ ...here, sub: '' }, { iss: stack.issuer, sub: '', name: 'Alice', email: 'alice@example.org', email_verified: true });
    assert.match(here.sub, /^[0-9a-f-]{36}$/);
    const steps = trail(person);
    await signInAt(person, intranet);
    assert.ok(!steps.some((url) => url.startsWith(stack.ui)), 'a page of Gatehouse was shown');
    assert.equal((await asked(person, '/api/me')).sub, here.sub);
    assert.equal(await shell('shell', '-v', '0', '-c', 'from portal.models import Identity; print(Identity.objects.count())'), '1');
  }));

  test('a user whose name and address change stays the same user', () => browser.watched('renamed', person, async () => {
    const before = await asked(person, '/api/me');
    await stack.sql(`UPDATE users SET username = 'alicia', name = 'Alicia', email = 'alicia@example.org', email_verified = false;`);
    const fresh = await browser.newPage(person);
    await fresh.goto(`${site}/oidc/authenticate/`);
    await fresh.waitForURL(`${site}/`);
    assert.deepEqual(await asked(fresh, '/api/me'), { ...before, name: 'Alicia', email: 'alicia@example.org', email_verified: false });
    assert.equal(await shell('shell', '-v', '0', '-c', 'from portal.models import Identity; print(Identity.objects.count())'), '1');
    await stack.sql(`UPDATE users SET username = 'alice', name = 'Alice', email = 'alice@example.org', email_verified = true;`);
    await fresh.close();
  }));

  test('signing out at the site signs out of Gatehouse and comes back', () => browser.watched('sign-out', person, async () => {
    await person.goto(site);
    await person.click('text=Sign out');
    await person.waitForURL(`${site}/`);
    await person.waitForSelector('text=Nobody is signed in');
    await person.click('text=Sign in with Gatehouse');
    await arrived(person, `${stack.ui}/login`);
  }));
});

describe('what goes wrong', () => {
  const quoted = (words) => assert.ok(page.text.includes(words), `the recipe does not have: ${words}`);
  const logged = async (words) => {
    quoted(words);
    for (let i = 0; i < 50 && !django.text().includes(words); i += 1) await new Promise((r) => { setTimeout(r, 100); });
    assert.ok(django.text().includes(words), django.text().slice(-2000));
  };

  test('an answer to a request that this browser did not make', async () => {
    const tab = await browser.newPage();
    await tab.goto(`${site}/oidc/authenticate/`);
    assert.equal((await tab.goto(`${site}/oidc/callback/?code=made-up-0815&state=y`)).status(), 400);
    await logged('OIDC callback state not found in session');
    await tab.context().close();
  });

  test('an ID token that is signed otherwise', async () => {
    await stack.sql(`UPDATE clients SET id_token_signed_response_alg = 'ES256' WHERE client_id = 'django';`);
    const tab = await browser.newPage();
    await tab.goto(`${site}/oidc/authenticate/`);
    await tab.waitForSelector('input[name=username]');
    await signIn(tab, 'alice', 'password');
    await arrived(tab, `${site}/oidc/callback/`);
    await logged("The provider algorithm 'ES256' does not match the client's OIDC_RP_SIGN_ALGO");
    await tab.context().close();
    await stack.sql(`UPDATE clients SET id_token_signed_response_alg = 'RS256' WHERE client_id = 'django';`);
  });

  test('a redirect URI that is not registered', async () => {
    await stack.sql(`UPDATE clients SET redirect_uris = array_remove(redirect_uris, '${intranet}/oidc/callback/') WHERE client_id = 'django';`);
    const tab = await browser.newPage();
    await tab.goto(`${intranet}/oidc/authenticate/`);
    await arrived(tab, `${stack.ui}/error`);
    await tab.waitForSelector('h1:text("This application is not set up correctly")');
    quoted('This application is not set up correctly');
    await tab.context().close();
    await stack.sql(`UPDATE clients SET redirect_uris = redirect_uris || '{${intranet}/oidc/callback/}' WHERE client_id = 'django';`);
  });
});

describe('staying signed in', () => {
  before(() => start({ RENEW_SECONDS: '2' }));
  const pause = () => new Promise((r) => { setTimeout(r, 2500); });

  test('a session is renewed with prompt=none, without a page', () => browser.watched('renewal', person, async () => {
    await signInAt(person, site);
    await pause();
    const steps = trail(person);
    await person.goto(site);
    assert.ok(steps.some((url) => url.includes('prompt=none')), steps.join('\n'));
    assert.ok(!steps.some((url) => url.startsWith(stack.ui)), steps.join('\n'));
    assert.equal(await person.innerText('#name'), 'Alice');
  }));

  test('once the session at Gatehouse has ended the site signs out, and does not go in circles', () => browser.watched('ended', person, async () => {
    await stack.sql(`UPDATE sessions SET ended_at = now() WHERE ended_at IS NULL;`);
    await pause();
    const steps = trail(person);
    await nobodyAt(person);
    assert.equal(steps.filter((url) => url.includes('prompt=none')).length, 1, steps.join('\n'));
    assert.ok(steps.some((url) => url.includes('error=login_required')), steps.join('\n'));
    await person.reload();
    await person.waitForSelector('text=Nobody is signed in');
  }));
});

describe('the check by refresh token', () => {
  before(() => start());
  const check = () => run(`exec env ${startCommand().trim()} check_users`, stack, { env: variables() });

  test('a user who is there stays signed in, check after check', () => browser.watched('check', person, async () => {
    assert.equal(page.block('sh', 2).trim(), 'deploy/django/start check_users');
    await signInAt(person, site);
    for (const time of ['first', 'second']) assert.match(await check(), /is still known\n$/, time);
    await person.goto(site);
    await person.waitForSelector('#name');
  }));

  for (const [what, gone, back] of [
    ['disabled', `UPDATE users SET disabled_at = now() WHERE username = 'alice';`, `UPDATE users SET disabled_at = NULL;`],
    ['revoked', `UPDATE grants SET revoked_at = now();`, ''],
  ]) {
    test(`a user who is ${what} with SQL is signed out by the next check, and may come back later`, () => browser.watched(what, person, async () => {
      await stack.sql(gone);
      assert.match(await check(), /is gone\n$/);
      await nobodyAt(person);
      assert.equal(await check(), '');
      if (back) await stack.sql(back);
      await signInAt(person, site);
    }));
  }

  test('a Gatehouse that does not answer signs nobody out', () => browser.watched('away', person, async () => {
    await stack.stopPostgres();
    assert.equal(await check(), '');
    await stack.startPostgres();
    await person.goto(site);
    await person.waitForSelector('#name');
  }));
});

describe('a personal access token', () => {
  let token;
  const makeToken = async (name) => {
    await person.goto(site);
    await person.click('text=Make a token for Python');
    await arrived(person, `${stack.ui}/account`);
    await person.fill('input[name=name]', name);
    await person.check('input[name=scope][value=email]');
    await person.click('form[action$="/account/tokens"] button[type=submit]');
    const value = await person.inputValue('#token-value');
    browser.secrets.set(value, `token ${name}`);
    return value;
  };

  test('is made on the account page, and shown once', () => browser.watched('token', person, async () => {
    token = await makeToken('My laptop');
    assert.match(token, /^gatehouse_pat_[\w-]{43}$/);
    assert.ok(!person.url().includes('gatehouse_pat'));
    assert.deepEqual(await browser.violations(person), []);
    await person.screenshot({ path: join(stack.state, 'pictures/account-new-token.png'), fullPage: true });
    await person.reload();
    await person.waitForSelector('h3:text("My laptop")');
    assert.equal(await person.$('#token-value'), null);
    await person.screenshot({ path: join(stack.state, 'pictures/account.png'), fullPage: true });
  }));

  test('lets a program into the API as the same user, as the recipe has it', async () => {
    const { status, body } = await api(token);
    assert.equal(status, 200);
    assert.equal(body.email, 'alice@example.org');
    await person.goto(site);
    assert.equal(body.sub, (await asked(person, '/api/me')).sub);
    const script = new Promise((resolve, reject) => {
      const child = execFile(python, ['-c', tokens.block('python')], (error, stdout, stderr) => (error ? reject(new Error(stderr)) : resolve(stdout)));
      child.stdin.end(`${token}\n`);
    });
    assert.match(await script, /Hello Alice\n$/);
    const clientSecret = secretIn(await run(tokens.block('sh', 1), stack));
    const env = { TOKEN: token, CLIENT_SECRET: clientSecret };
    assert.equal(JSON.parse(await run(tokens.block('sh', 0), stack, { env })).sub, body.sub);
    const said = JSON.parse(await run(tokens.block('sh', 2), stack, { env }));
    assert.deepEqual([said.active, said.sub, said.scope, said.client_id], [true, body.sub, 'openid email', undefined]);
  });

  test('is refused without a user, and so is a token of another application', async () => {
    await stack.sql(`UPDATE users SET disabled_at = now() WHERE username = 'alice';`);
    const refused = await api(token);
    await stack.sql(`UPDATE users SET disabled_at = NULL;`);
    assert.deepEqual([refused.status, refused.challenge, refused.body], [401, 'Bearer error="invalid_token"', { error: 'invalid_token' }]);
    assert.equal((await api(token)).status, 200);
    for (const other of ['gatehouse_pat_guessed', 'nonsense', '']) assert.equal((await api(other)).status, 401, other);
    const access = await shell('shell', '-v', '0', '-c', `
import requests
from django.conf import settings as s
from portal import provider
from portal.models import Identity
mine = Identity.objects.get()
answer = provider.ask(s.OIDC_OP_TOKEN_ENDPOINT, grant_type="refresh_token", refresh_token=mine.refresh_token).json()
Identity.objects.update(refresh_token=answer["refresh_token"])
print(answer["access_token"])`);
    assert.match(access, /^eyJ/);
    assert.equal((await api(access)).status, 401);
  });

  test('is revoked on the account page, from the next request on', () => browser.watched('revoke', person, async () => {
    const second = await makeToken('Nightly job');
    await person.click('li:has(h3:text("My laptop")) summary');
    await person.click('li:has(h3:text("My laptop")) button[name=revoke]');
    await person.waitForSelector('h3:text("My laptop")', { state: 'detached' });
    assert.deepEqual([(await api(token)).status, (await api(second)).status], [401, 200]);
    const listed = await run(tokens.block('sh', 3), stack);
    assert.match(listed, /Nightly job +openid email/);
    assert.match(listed, /revoked 1 tokens of alice/);
    assert.equal((await api(second)).status, 401);
  }));

  test('needs a sign-in that is fresh, and is made right after it', () => browser.watched('fresh', person, async () => {
    await person.goto(`${stack.issuer}/account`);
    await arrived(person, `${stack.ui}/account`);
    await stack.sql(`UPDATE sessions SET auth_time = auth_time - interval '20 minutes';`);
    await person.fill('input[name=name]', 'After lunch');
    await person.click('form[action$="/account/tokens"] button[type=submit]');
    await arrived(person, `${stack.ui}/login`);
    assert.equal(await person.inputValue('input[name=username]'), 'alice');
    await signIn(person, 'alice', 'password');
    await arrived(person, `${stack.ui}/account`);
    const value = await person.inputValue('#token-value');
    browser.secrets.set(value, 'token After lunch');
    assert.equal((await api(value)).status, 200);
  }));
});

describe('without PKCE', () => {
  before(() => start({ USE_PKCE: '0' }));

  test('an ordinary client is sent back, and one that is exempted signs in', async () => {
    const tab = await browser.newPage();
    await browser.watched('no-pkce', tab, async () => {
      const steps = trail(tab);
      await tab.goto(`${site}/oidc/authenticate/`);
      await tab.waitForURL(`${site}/`);
      assert.ok(steps.some((url) => url.includes('error=invalid_request')), steps.join('\n'));
      await tab.waitForSelector('text=Nobody is signed in');
      await stack.sql(`${page.text.match(/`(UPDATE clients SET require_pkce[^`]+)`/)[1]};`);
      await signInAt(tab, site);
      assert.equal(await tab.innerText('#name'), 'Alice');
    });
  });
});

test('the migrations of the site fit its models', async () => {
  assert.match(await shell('makemigrations', '--check', '--dry-run'), /No changes detected/);
});

test('no token is in a log', async () => {
  const { secrets } = browser;
  secrets.set(secret, 'client secret');
  assert.ok([...secrets.values()].some((what) => what.startsWith('token')));
  assert.ok([...secrets.values()].includes('code in an address'));
  assertNoneIn(new Map([...stack.logs(), ['the site', django.text()]]), secrets);
});
