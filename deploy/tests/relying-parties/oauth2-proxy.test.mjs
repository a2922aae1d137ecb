// oauth2-proxy by itself, behind nginx, and asked by nginx (auth_request), as docs/recipes says.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { arrived, openBrowser, signIn } from '../../../ui/tests/e2e/browser.mjs';
import { freePorts, root, startStack } from '../../../ui/tests/e2e/stack.mjs';
import { makeCertificates } from '../certificates.mjs';
import { missing as missingServer } from '../web-servers.mjs';
import { application, missing, startNginx, startProxy, version } from './oauth2-proxy.mjs';
import { recipe, run, secretIn } from './recipe.mjs';

const skip = await missing() || false;
const noNginx = missingServer('nginx') || false;
const folder = 'deploy/recipes/oauth2-proxy/oauth2-proxy.cfg';

let stack, browser, wiki;
before(async () => {
  if (skip) return;
  // the ID token's fifteen minutes in seconds, as the page's five are below
  stack = await startStack('oauth2-proxy', { hub: false, env: { GATEHOUSE_ID_TOKEN_TTL: '15s' } });
  browser = await openBrowser(stack.state);
  wiki = await application();
});
after(async () => {
  wiki?.stop();
  await browser?.close();
  await stack?.stop();
});

/** A site of a page: the client is registered, and oauth2-proxy runs on its port with the configuration that is shown. */
async function site(name, basePort, proxyPort) {
  const base = `http://localhost:${basePort}`;
  const page = recipe(name, { 'https%3A%2F%2Fwiki.example.org': encodeURIComponent(base),
    'https://api.example.org': stack.issuer, 'https://wiki.example.org': base,
    'api.example.org': new URL(stack.issuer).host, 'wiki.example.org': 'localhost',
    '127.0.0.1:4180': `127.0.0.1:${proxyPort}`, '127.0.0.1:8080': `127.0.0.1:${wiki.port}` });
  const secret = secretIn(await run(page.block('sh', 0), stack));
  const file = join(stack.state, `${name}.cfg`);
  let proxy;
  const restart = async (change = (text) => text, given = secret) => {
    await proxy?.stop();
    proxy = undefined;
    writeFileSync(file, change(page.here(readFileSync(join(root, folder), 'utf8')).replace('"5m"', '"1s"')));
    proxy = await startProxy(page.block('sh', 1).replace('SECRET=…', `SECRET=${given}`).replace(folder, file));
  };
  const says = async (text, said = () => proxy.text()) => {
    for (let i = 0; i < 50 && !said().includes(text); i += 1) await new Promise((r) => { setTimeout(r, 100); });
    assert.ok(said().includes(text), said());
    assert.ok(page.text.replaceAll(/\s+/g, ' ').includes(text), `the page does not quote: ${text}`);
  };
  await restart();
  return { base, page, restart, says, log: () => proxy.text(), stop: () => proxy?.stop() };
}

const seen = async (person) => JSON.parse(await person.innerText('body'));
/** Signs alice in on the way to an address of the site. */
async function signInAt(person, address) {
  await person.goto(address);
  await signIn(person, 'alice', 'demo passphrase');
  await person.click('button[name=consent][value=yes]');
  await arrived(person, address);
  await stack.sql('UPDATE clients SET first_party = true;'); // on https, where the page has it, what was allowed is remembered
}
const pause = (seconds) => new Promise((r) => { setTimeout(r, seconds * 1000); });

describe('oauth2-proxy by itself', { skip }, () => {
  let wikiSite, alice;
  before(async () => {
    const [port] = await freePorts(1);
    wikiSite = await site('oauth2-proxy', port, port);
    alice = await browser.newPage();
  });
  after(() => wikiSite?.stop());

  test('signs in with PKCE, keeps the address, and tells the application who it is', (t) => browser.watched('alone', alice, async () => {
    t.diagnostic(`with oauth2-proxy ${version}`);
    const asking = alice.waitForRequest((request) => request.url().startsWith(`${stack.issuer}/authorize`));
    const signedIn = signInAt(alice, `${wikiSite.base}/a%20page?b=c&d=e%2Ff`);
    const asked = new URL((await asking).url()).searchParams;
    assert.equal(asked.get('code_challenge_method'), 'S256');
    assert.match(asked.get('state'), /:\//);
    await signedIn;
    const { url, headers } = await seen(alice);
    assert.equal(url, '/a%20page?b=c&d=e%2Ff');
    assert.deepEqual(['preferred-username', 'email', 'groups'].map((name) => headers[`x-forwarded-${name}`]),
      ['alice', 'alice@example.org', 'hub-admins']);
  }));

  test('headers of the browser do not make anyone somebody else', async () => {
    await alice.setExtraHTTPHeaders({ 'X-Forwarded-Preferred-Username': 'mallory', 'X-Forwarded-Groups': 'root' });
    await alice.reload();
    const { headers } = await seen(alice);
    assert.deepEqual([headers['x-forwarded-preferred-username'], headers['x-forwarded-groups']], ['alice', 'hub-admins']);
    await alice.setExtraHTTPHeaders({});
  });

  test('a refresh needs no new sign-in, and who left the group is out with it', () => browser.watched('left', alice, async () => {
    let signIns = 0;
    alice.on('request', (request) => { signIns += request.url().startsWith(`${stack.issuer}/authorize`); });
    await pause(2);
    await alice.reload();
    assert.equal((await seen(alice)).headers['x-forwarded-preferred-username'], 'alice');
    assert.match(wikiSite.log(), /Refreshing session/);
    assert.equal(signIns, 0);
    await stack.sql("DELETE FROM group_members WHERE username = 'alice';");
    await pause(2);
    await alice.reload();
    assert.match(await alice.innerText('body'), /403/);
    await alice.screenshot({ path: `${stack.state}/pictures/not-in-the-group.png` });
    await wikiSite.says('Invalid authentication via OAuth2: unauthorized');
    await stack.sql("INSERT INTO group_members (username, group_name) VALUES ('alice', 'hub-admins');");
  }));

  test('who is disabled is out when the ID token has ended', () => browser.watched('disabled', alice, async () => {
    await alice.goto(`${wikiSite.base}/`);
    await stack.sql("UPDATE users SET disabled_at = now() WHERE username = 'alice';");
    await pause(2);
    await alice.reload();
    assert.equal((await seen(alice)).headers['x-forwarded-preferred-username'], 'alice');
    await wikiSite.says('Unable to refresh session');
    for (const until = Date.now() + 30_000; alice.url().startsWith(wikiSite.base); await pause(0.5)) {
      assert.ok(Date.now() < until, 'still in');
      await alice.goto(`${wikiSite.base}/`);
    }
    await arrived(alice, `${stack.ui}/login`);
    await wikiSite.says('oidc: token is expired');
    await stack.sql("SET gatehouse.keep_sessions = on; UPDATE users SET disabled_at = NULL WHERE username = 'alice';");
  }));

  test('an address that is missing or not verified is named in the log', async () => {
    for (const [change, text] of [['email_verified = false', "isn't verified"], ['email = NULL', 'set an email']]) {
      await stack.sql(`UPDATE users SET ${change} WHERE username = 'alice';`);
      await alice.goto(`${wikiSite.base}/oauth2/start?rd=/`);
      assert.match(await alice.innerText('body'), /500/);
      await wikiSite.says(text);
    }
    await stack.sql("UPDATE users SET email = 'alice@example.org', email_verified = true WHERE username = 'alice';");
  });

  test('signing out signs out here and at Gatehouse, whatever else is open', () => browser.watched('out', alice, async () => {
    await alice.goto(`${wikiSite.base}/`);
    await alice.goto(wikiSite.page.block('text').trim());
    const other = await browser.newPage(alice);
    await other.goto(`${wikiSite.base}/`); // any request of the site, while Gatehouse asks; a browser sends one for the icon
    await other.close();
    await alice.click('button[name=logout][value=yes]');
    await arrived(alice, `${stack.ui}/login`);
  }));

  test('no code is in its log', () => {
    assert.ok(browser.secrets.size > 0);
    for (const [secret, what] of browser.secrets) assert.ok(!wikiSite.log().includes(secret), what);
  });

  test('under another name the cookie of the sign-in is missing', () => browser.watched('other-name', alice, async () => {
    await alice.context().clearCookies();
    await alice.goto(`${wikiSite.base.replace('localhost', '127.0.0.1')}/`);
    await signIn(alice, 'alice', 'demo passphrase');
    await alice.waitForURL((url) => url.pathname === '/oauth2/callback');
    const shown = await alice.innerText('body');
    assert.match(shown, /403/);
    await wikiSite.says('unable to obtain CSRF cookie');
  }));

  test('a wrong secret, another redirect URI, a slash and an untrusted authority look as the page says', async () => {
    await wikiSite.restart((text) => `${text}insecure_oidc_skip_nonce = false\n`);
    await alice.goto(`${wikiSite.base}/`);
    await pause(2);
    await alice.reload();
    await wikiSite.says('nonce verification failed');

    await wikiSite.restart(undefined, 'wrong');
    await alice.context().clearCookies({ name: '_oauth2_proxy' });
    await alice.goto(`${wikiSite.base}/`);
    await wikiSite.says('token exchange failed: oauth2: "invalid_client" "client authentication failed"');

    await wikiSite.restart((text) => text.replace(wikiSite.base, wikiSite.base.replace('http:', 'https:')));
    await alice.goto(`${wikiSite.base}/`);
    const shown = await alice.innerText('h1');
    await wikiSite.says(shown, () => shown);

    const refusal = (issuer) => wikiSite.restart((text) => text.replace(`"${stack.issuer}"`, `"${issuer}"`))
      .then(() => '', (e) => e.message);
    const slash = await refusal(`${stack.issuer}/`);
    await wikiSite.says('issuer did not match the issuer returned by provider', () => slash);

    const state = join(stack.state, 'certificates');
    mkdirSync(state);
    const { ca, key, fullchain } = makeCertificates(state, ['localhost']);
    const untrusted = createServer({ key: readFileSync(key), cert: readFileSync(fullchain) }, async (_, response) => {
      const discovery = await (await fetch(`${stack.issuer}/.well-known/openid-configuration`)).text();
      response.end(discovery.replaceAll(stack.issuer, `https://localhost:${untrusted.address().port}`));
    });
    await new Promise((done) => { untrusted.listen(0, 'localhost', done); });
    const elsewhere = `https://localhost:${untrusted.address().port}`;
    const authority = await refusal(elsewhere);
    await wikiSite.says('x509: certificate signed by unknown authority', () => authority);
    const line = wikiSite.page.text.match(/provider_ca_files = .*?\]/)[0].replace('/path/to/ca.crt', ca);
    await wikiSite.restart((text) => `${line}\n${text.replace(`"${stack.issuer}"`, `"${elsewhere}"`)}`);
    untrusted.close();
  });
});

describe('behind nginx', { skip: skip || noNginx }, () => {
  const servers = {
    'oauth2-proxy': (page) => `server { listen 443 ssl;\n${page.block('nginx')}}`,
    'nginx-auth-request': (page) => page.here(readFileSync(join(root, 'deploy/recipes/nginx-auth-request/wiki.conf'), 'utf8')),
  };
  /** A site behind nginx, for as long as the steps take. */
  async function behind(name, steps, change = (server) => server) {
    const [port, proxyPort] = await freePorts(2);
    const clientID = name.replace(/-auth-request$/, '');
    await stack.gatehouse(['client', 'remove', clientID]).catch(() => {});
    const there = await site(name, port, proxyPort);
    const dir = join(stack.state, `nginx-${name}`);
    const nginx = await startNginx(dir, change(servers[name](there.page)), port);
    const alice = await browser.newPage();
    try {
      await browser.watched(name, alice, () => steps(there, alice, () => readFileSync(join(dir, 'error.log'), 'utf8')));
    } finally {
      await alice.context().close();
      await nginx.stop();
      await there.stop();
    }
  }

  for (const name of Object.keys(servers)) {
    test(`${name} signs in, keeps the address, passes who it is, and asks Gatehouse again`, () => behind(name, async ({ base }, alice) => {
      await signInAt(alice, `${base}/a%20page?b=c&d=e%2Ff`);
      const { url, headers } = await seen(alice);
      assert.equal(url, '/a%20page?b=c&d=e%2Ff');
      assert.equal(headers['x-user'] ?? headers['x-forwarded-preferred-username'], 'alice');
      assert.equal(headers['x-groups'] ?? headers['x-forwarded-groups'], 'hub-admins');
      await pause(2);
      await alice.reload();
      assert.equal((await seen(alice)).url, url);
      await stack.sql("DELETE FROM group_members WHERE username = 'alice';");
      await pause(2);
      await alice.reload();
      assert.match(await alice.innerText('body'), /403/);
      await stack.sql("INSERT INTO group_members (username, group_name) VALUES ('alice', 'hub-admins');");
    }));
  }

  test('a browser cannot say who it is', () => behind('nginx-auth-request', async ({ base }, alice) => {
    await signInAt(alice, `${base}/`);
    await alice.setExtraHTTPHeaders({ 'X-User': 'mallory', 'X-Groups': 'root' });
    await alice.reload();
    const { headers } = await seen(alice);
    assert.deepEqual([headers['x-user'], headers['x-groups']], ['alice', 'hub-admins']);
  }));

  test('without buffers, and with oauth2-proxy stopped, it looks as the page says', () => behind('nginx-auth-request',
    async ({ base, says, stop }, alice, errors) => {
      await stack.sql(`INSERT INTO groups (name) SELECT 'group-of-a-long-name-' || n FROM generate_series(1, 90) n;
        INSERT INTO group_members (username, group_name) SELECT 'alice', name FROM groups ON CONFLICT DO NOTHING;`);
      await alice.goto(base);
      await signIn(alice, 'alice', 'demo passphrase');
      await alice.click('button[name=consent][value=yes]');
      await alice.waitForURL((url) => url.pathname === '/oauth2/callback');
      assert.match(await alice.innerText('body'), /502/);
      await says('upstream sent too big header while reading response header from upstream', errors);
      await stop();
      await alice.goto(base);
      assert.match(await alice.innerText('body'), /500/);
      await says('auth request unexpected status: 502', errors);
    }, (server) => server.replace(/^ *proxy_buffer.*\n/gm, '')));

  test('with many groups the session fits', () => behind('nginx-auth-request', async ({ base }, alice) => {
    await signInAt(alice, `${base}/`);
    await pause(2);
    await alice.reload();
    await pause(2);
    await alice.reload();
    assert.match((await seen(alice)).headers['x-groups'], /group-of-a-long-name-90/);
  }));
});
