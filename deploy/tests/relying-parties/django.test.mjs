// deploy/django with mozilla-django-oidc, as docs/recipes/django.md says, in a real Chromium.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { arrived, assertNoneIn, signIn } from '../../../ui/tests/e2e/browser.mjs';
import { makeCertificates } from '../certificates.mjs';
import { asked, startSite } from './django.mjs';
import { withVersions } from './environment.mjs';
import { run } from './recipe.mjs';

let all, stack, browser, page, site, intranet, person;
before(async () => {
  all = await startSite('django');
  ({ stack, browser, page, site, intranet } = all);
  person = await browser.newPage();
});
after(() => all?.stop());

const users = () => all.python('from portal.models import Identity; print(Identity.objects.count())');
const nobodyAt = async (tab) => {
  await tab.goto(site);
  await tab.waitForSelector('text=Nobody is signed in');
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
    await stack.sql(`INSERT INTO upstreams (name, display_name, issuer, client_id)
      VALUES ('google', 'Google', 'https://accounts.google.com', 'x');`);
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
    await all.signInAt(person, site);
    assert.equal(await person.innerText('#name'), 'Alice');
    const here = await asked(person, '/api/me');
    assert.deepEqual({ ...here, sub: '' }, { iss: stack.issuer, sub: '', name: 'Alice', email: 'alice@example.org', email_verified: true });
    assert.match(here.sub, /^[0-9a-f-]{36}$/);
    const steps = trail(person);
    await all.signInAt(person, intranet);
    assert.ok(!steps.some((url) => url.startsWith(stack.ui)), 'a page of Gatehouse was shown');
    assert.equal((await asked(person, '/api/me')).sub, here.sub);
    assert.equal(await users(), '1');
  }));

  test('a user whose name and address change stays the same user', () => browser.watched('renamed', person, async () => {
    const before = await asked(person, '/api/me');
    await stack.sql(`UPDATE users SET username = 'alicia', name = 'Alicia', email = 'alicia@example.org', email_verified = false
      WHERE username = 'alice';`);
    const fresh = await browser.newPage(person);
    await fresh.goto(`${site}/oidc/authenticate/`);
    await fresh.waitForURL(`${site}/`);
    assert.deepEqual(await asked(fresh, '/api/me'), { ...before, name: 'Alicia', email: 'alicia@example.org', email_verified: false });
    assert.equal(await users(), '1');
    await stack.sql(`UPDATE users SET username = 'alice', name = 'Alice', email = 'alice@example.org', email_verified = true
      WHERE username = 'alicia';`);
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
    for (let i = 0; i < 50 && !all.log().includes(words); i += 1) await new Promise((r) => { setTimeout(r, 100); });
    assert.ok(all.log().includes(words), all.log().slice(-2000));
  };

  test('an answer to a request that this browser did not make', async () => {
    const tab = await browser.newPage();
    await tab.goto(`${site}/oidc/authenticate/`);
    assert.equal((await tab.goto(`${site}/oidc/callback/?code=made-up-0815&state=y`)).status(), 400);
    await logged('OIDC callback state not found in session');
    await tab.context().close();
  });

  test('an ID token that is signed otherwise', async () => {
    await stack.sql(`UPDATE clients SET id_token_signed_response_alg = 'RS256' WHERE client_id = 'django';`);
    const tab = await browser.newPage();
    await tab.goto(`${site}/oidc/authenticate/`);
    await tab.waitForSelector('input[name=username]');
    await signIn(tab, 'alice', 'demo passphrase');
    await arrived(tab, `${site}/oidc/callback/`);
    await logged("The provider algorithm 'RS256' does not match the client's OIDC_RP_SIGN_ALGO");
    await tab.context().close();
    await stack.sql(`UPDATE clients SET id_token_signed_response_alg = 'ES256' WHERE client_id = 'django';`);
  });

  test('a redirect URI that is not registered', async () => {
    await stack.sql(`UPDATE clients SET redirect_uris = array_remove(redirect_uris, '${intranet}/oidc/callback/')
      WHERE client_id = 'django';`);
    const tab = await browser.newPage();
    await tab.goto(`${intranet}/oidc/authenticate/`);
    await arrived(tab, `${stack.ui}/error`);
    await tab.waitForSelector('h1:text("This application is not set up correctly")');
    quoted('This application is not set up correctly');
    await tab.context().close();
    await stack.sql(`UPDATE clients SET redirect_uris = redirect_uris || '{${intranet}/oidc/callback/}' WHERE client_id = 'django';`);
  });
});

describe('a site on https', () => {
  const redirectURI = async () => {
    const answer = await fetch(`${site}/oidc/authenticate/`, { redirect: 'manual', headers: { 'x-forwarded-proto': 'https' } });
    return new URL(answer.headers.get('location')).searchParams.get('redirect_uri');
  };

  test('believes the web server in front only if it is told to', async () => {
    assert.equal(await redirectURI(), `${site}/oidc/callback/`);
    await all.start({ BEHIND_PROXY: '1' });
    assert.equal(await redirectURI(), `${site.replace('http:', 'https:')}/oidc/callback/`);
  });

  test('reaches a Gatehouse whose certificate is of a private authority, once it is told of that', async () => {
    const folder = mkdtempSync(join(stack.state, 'tls-'));
    const { ca, key, fullchain } = makeCertificates(folder, ['localhost']);
    const server = createServer({ key: readFileSync(key), cert: readFileSync(fullchain) }, async (request, response) => {
      response.end((await (await fetch(stack.issuer + request.url)).text()).replaceAll(stack.issuer, issuer));
    });
    await new Promise((done) => { server.listen(0, 'localhost', done); });
    const issuer = `https://localhost:${server.address().port}`;
    try {
      await assert.rejects(all.manage(['check'], { ISSUER: issuer }), /CERTIFICATE_VERIFY_FAILED/);
      assert.match(await all.manage(['check'], { ISSUER: issuer, REQUESTS_CA_BUNDLE: ca }), /no issues/);
      for (const words of ['CERTIFICATE_VERIFY_FAILED', 'REQUESTS_CA_BUNDLE=', 'BEHIND_PROXY=1']) assert.ok(page.text.includes(words));
    } finally {
      server.close();
    }
  });
});

describe('staying signed in', () => {
  before(() => all.start({ RENEW_SECONDS: '2' }));
  const pause = () => new Promise((r) => { setTimeout(r, 2500); });

  test('a session is renewed with prompt=none, without a page', () => browser.watched('renewal', person, async () => {
    await all.signInAt(person, site);
    await pause();
    const steps = trail(person);
    await person.goto(site);
    assert.ok(steps.some((url) => url.includes('prompt=none')), steps.join('\n'));
    assert.ok(!steps.some((url) => url.startsWith(stack.ui)), steps.join('\n'));
    assert.equal(await person.innerText('#name'), 'Alice');
  }));

  test('once the session at Gatehouse has ended the site signs out, without circles', () => browser.watched('ended', person, async () => {
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
  before(() => all.start());

  test('a user who is there stays signed in, check after check', () => browser.watched('check', person, async () => {
    assert.equal(page.block('sh', 2).trim(), 'deploy/django/start check_users');
    await all.signInAt(person, site);
    for (const time of ['first', 'second']) assert.match(await all.check(), /is still known\n$/, time);
    await (await all.checkAgain(/(is still known\n.*){3}/)).stop();
    await person.goto(site);
    await person.waitForSelector('#name');
  }));

  for (const [what, gone, back] of [
    ['disabled', `UPDATE users SET disabled_at = now() WHERE username = 'alice';`, `UPDATE users SET disabled_at = NULL;`],
    ['revoked', `UPDATE grants SET revoked_at = now();`, ''],
  ]) {
    test(`a user who is ${what} with SQL is signed out by the next check, until later`, () => browser.watched(what, person, async () => {
      await stack.sql(gone);
      assert.match(await all.check(), /is gone\n$/);
      await nobodyAt(person);
      assert.equal(await all.check(), '');
      if (back) await stack.sql(back);
      await all.signInAt(person, site);
    }));
  }

  test('a Gatehouse that does not answer signs nobody out', () => browser.watched('away', person, async () => {
    await stack.stopPostgres();
    assert.equal(await all.check(), '');
    await stack.startPostgres();
    await person.goto(site);
    await person.waitForSelector('#name');
  }));
});

describe('without PKCE', () => {
  before(() => all.start({ USE_PKCE: '0' }));

  test('an ordinary client is sent back, and one that is exempted signs in', async () => {
    const tab = await browser.newPage();
    await browser.watched('no-pkce', tab, async () => {
      const steps = trail(tab);
      await tab.goto(`${site}/oidc/authenticate/`);
      await tab.waitForURL(`${site}/`);
      assert.ok(steps.some((url) => url.includes('error=invalid_request')), steps.join('\n'));
      await tab.waitForSelector('text=Nobody is signed in');
      await stack.sql(`${page.text.match(/`(UPDATE clients SET require_pkce[^`]+)`/)[1]};`);
      await all.signInAt(tab, site);
      assert.equal(await tab.innerText('#name'), 'Alice');
    });
  });
});

test('the migrations of the site fit its models', async () => {
  assert.match(await all.manage(['makemigrations', '--check', '--dry-run']), /No changes detected/);
});

test('no code and no secret is in a log', async () => {
  const { secrets } = browser;
  secrets.set(all.secret, 'client secret');
  assert.ok([...secrets.values()].includes('code in an address'));
  assertNoneIn(new Map([...stack.logs(), ['the site', all.log()]]), secrets);
});
