// Apache with Debian's mod_auth_openidc, as docs/recipes/mod-auth-openidc.md says.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { arrived, openBrowser, signIn } from '../../../ui/tests/e2e/browser.mjs';
import { freePorts, root, startStack } from '../../../ui/tests/e2e/stack.mjs';
import { makeCertificates } from '../certificates.mjs';
import { missingModule, modAuthOpenidc, modules, start } from '../web-servers.mjs';
import { application } from './oauth2-proxy.mjs';
import { recipe, run, secretIn } from './recipe.mjs';


describe('mod_auth_openidc', { skip: missingModule() || false }, () => {
  let stack, browser, archive, page, base, dir, secret, apache, alice;
  before(async () => {
    stack = await startStack('mod-auth-openidc', { hub: false });
    browser = await openBrowser(stack.state);
    archive = await application();
    const [port] = await freePorts(1);
    base = `http://localhost:${port}`;
    page = recipe('mod-auth-openidc', { 'https://api.example.org': stack.issuer, 'https://archive.example.org': base,
      'https%3A%2F%2Farchive.example.org': encodeURIComponent(base), 'archive.example.org': 'localhost',
      '127.0.0.1:8080': `127.0.0.1:${archive.port}`, '*:443': `127.0.0.1:${port}`, 'BeforeExpiry 600': 'BeforeExpiry 899' });
    secret = secretIn(await run(page.block('sh'), stack));
    await stack.sql(page.block('sql'));
    dir = join(stack.state, 'apache');
    mkdirSync(dir);
    await restart();
    alice = await browser.newPage();
  });
  after(async () => {
    await apache?.stop();
    archive?.stop();
    await browser?.close();
    await stack?.stop();
  });

  async function restart(change = (site) => site) {
    await apache?.stop();
    const shown = page.here(readFileSync(join(root, 'deploy/recipes/mod-auth-openidc/archive.conf'), 'utf8'));
    const asked = shown.match(/a2enmod (.*)/)[1].split(' ').filter((name) => name !== 'ssl');
    const standard = ['mpm_event', 'authn_core', 'authz_core', 'authz_user', 'mime', 'env', 'socache_shmcb'];
    writeFileSync(join(dir, 'error.log'), '');
    writeFileSync(join(dir, 'apache2.conf'), `ServerRoot ${dir}
${[...standard, ...asked].map((name) => `LoadModule ${name}_module ${modules}/mod_${name}.so`).join('\n')}
ServerName localhost
PidFile ${dir}/apache2.pid
Mutex file:${dir}
ErrorLog ${dir}/error.log
LogLevel auth_openidc:info
${process.getuid() === 0 ? 'User www-data\nGroup www-data' : ''}
TypesConfig /etc/mime.types
Listen 127.0.0.1:${new URL(base).port}
${change(shown.replace('CLIENT_SECRET', secret)).replace(/^ *SSL.*\n/gm, '')}`);
    apache = await start('apache2', ['-f', join(dir, 'apache2.conf'), '-DFOREGROUND'], Number(new URL(base).port));
  }
  const pause = (seconds) => new Promise((r) => { setTimeout(r, seconds * 1000); });
  const log = () => readFileSync(join(dir, 'error.log'), 'utf8');
  async function says(text, shown = text) {
    for (let i = 0; i < 50 && !log().includes(text); i += 1) await pause(0.1);
    assert.ok(log().includes(text), log());
    assert.ok(page.text.replaceAll(/\s+/g, ' ').includes(shown), `the page does not quote: ${shown}`);
  }
  const seen = async () => JSON.parse(await alice.innerText('body'));
  const statusOf = async (path) => (await alice.goto(base + path)).status();
  const signInAgain = async () => {
    await alice.context().clearCookies();
    await alice.goto(`${base}/`);
    await signIn(alice, 'alice', 'demo passphrase');
    await arrived(alice, `${base}/`);
  };

  test('signs in with PKCE, keeps the address, and tells the application who it is', (t) => browser.watched('first', alice, async () => {
    t.diagnostic(`with mod_auth_openidc ${execFileSync('dpkg-query', ['-W', '-f', '${Version}', modAuthOpenidc])}`);
    const asking = alice.waitForRequest((request) => request.url().startsWith(`${stack.issuer}/authorize`));
    await alice.goto(`${base}/a%20page?b=c&d=e%2Ff`);
    assert.equal(new URL((await asking).url()).searchParams.get('code_challenge_method'), 'S256');
    await signIn(alice, 'alice', 'demo passphrase');
    await alice.click('button[name=consent][value=yes]');
    await arrived(alice, `${base}/a%20page`);
    await stack.sql('UPDATE clients SET first_party = true;'); // on https, where the page has it, what was allowed is remembered
    const { url, headers } = await seen();
    assert.equal(url, '/a%20page?b=c&d=e%2Ff');
    assert.deepEqual([headers['x-user'], headers['x-groups'], headers.oidc_claim_email], ['alice', 'hub-admins', 'alice@example.org']);
    assert.equal(headers.oidc_access_token, undefined);
  }));

  test('a browser cannot say who it is', async () => {
    await alice.setExtraHTTPHeaders({ 'X-User': 'mallory', 'X-Groups': 'root', OIDC_CLAIM_groups: 'root',
      OIDC_CLAIM_email: 'm@example.org' });
    await alice.reload();
    const { headers } = await seen();
    assert.deepEqual([headers['x-user'], headers['x-groups'], headers.oidc_claim_email], ['alice', 'hub-admins', 'alice@example.org']);
    await alice.setExtraHTTPHeaders({});
  });

  test('a group opens a folder, and leaving it closes the folder at the next refresh', () => browser.watched('group', alice, async () => {
    assert.equal(await statusOf('/reports'), 200);
    await stack.sql("DELETE FROM group_members WHERE username = 'alice';");
    await pause(2);
    assert.equal(await statusOf('/reports'), 403);
    assert.equal(await statusOf('/'), 200);
    await says("could not match require claim expression 'groups:hub-admins'");
    await stack.sql("INSERT INTO group_members (username, group_name) VALUES ('alice', 'hub-admins');");
    await pause(2);
    assert.equal(await statusOf('/reports'), 200);
  }));

  test('a logout at Gatehouse is one here, too', () => browser.watched('back-channel', alice, async () => {
    const elsewhere = await browser.newPage(alice);
    await elsewhere.goto(`${stack.issuer}/logout`);
    await elsewhere.click('button[name=logout][value=yes]');
    await arrived(elsewhere, `${stack.ui}/signed-out`); // Chromium may never close a page that is on its way
    await elsewhere.close();
    await pause(6); // what is due is sent each two seconds
    await alice.goto(`${base}/`);
    await arrived(alice, `${stack.ui}/login`);
  }));

  test('who is disabled is out at once', () => browser.watched('disabled', alice, async () => {
    await signInAgain();
    await stack.sql("UPDATE users SET disabled_at = now() WHERE username = 'alice';");
    await pause(6);
    await alice.goto(`${base}/`);
    await arrived(alice, `${stack.ui}/login`);
    await stack.sql("UPDATE users SET disabled_at = NULL WHERE username = 'alice';");
  }));

  test('without the back channel the next refresh signs out', () => browser.watched('refresh', alice, async () => {
    await stack.sql("UPDATE clients SET backchannel_logout_uri = NULL WHERE client_id = 'apache';");
    await signInAgain();
    await stack.sql("UPDATE users SET disabled_at = now() WHERE username = 'alice';");
    await pause(2);
    await alice.goto(`${base}/`);
    assert.match(await alice.innerText('body'), /Logged Out/);
    await says('access_token could not be refreshed, logout=1');
    await stack.sql("UPDATE users SET disabled_at = NULL WHERE username = 'alice';");
  }));

  test('its logout ends the session of Gatehouse', () => browser.watched('logout', alice, async () => {
    await signInAgain();
    await alice.goto(page.block('text').trim());
    await arrived(alice, `${stack.ui}/login`);
  }));

  test('a lost cookie, another name and a wrong secret are named in the log', () => browser.watched('errors', alice, async () => {
    assert.equal(await statusOf('/oidc/callback?code=x&state=y'), 400);
    await says('unable to restore state');
    await alice.goto(`${base.replace('localhost', '127.0.0.1')}/`);
    await says('the URL hostname (localhost) of the configured OIDCRedirectURI does not match the URL hostname of the URL being accessed',
      'the URL hostname (archive.example.org) of the configured OIDCRedirectURI does not match the URL hostname of the URL being accessed');
    await restart((site) => site.replace(secret, 'wrong'));
    await alice.context().clearCookies();
    await alice.goto(`${base}/`);
    await signIn(alice, 'alice', 'demo passphrase');
    await says('response contained an "error" entry with value: ""invalid_client""');
    await restart((site) => site.replace('/oidc/callback', '/callback'));
    await alice.goto(`${base}/`);
    await arrived(alice, `${stack.ui}/error`); // or it would still be on its way there when the next test begins
    assert.ok(page.text.includes(await alice.innerText('h1')));
  }));

  test('an authority of your own has to be trusted', () => browser.watched('authority', alice, async () => {
    const folder = join(stack.state, 'certificates');
    mkdirSync(folder);
    const { ca, key, fullchain } = makeCertificates(folder, ['localhost']);
    const provider = createServer({ key: readFileSync(key), cert: readFileSync(fullchain) }, async (request, response) => {
      const answer = await fetch(stack.issuer + request.url);
      response.setHeader('content-type', 'application/json');
      response.end(await answer.text());
    });
    await new Promise((done) => { provider.listen(0, 'localhost', done); });
    const issuer = `https://localhost:${provider.address().port}`;
    try {
      const moved = (more = '') => (site) => site
        .replace(/^.*MetadataURL.*$/m, `${more}OIDCProviderMetadataURL ${issuer}/.well-known/openid-configuration`);
      await restart(moved());
      assert.equal(await statusOf('/'), 500);
      await says('SSL certificate problem: unable to get local issuer certificate');
      await restart(moved(`OIDCCABundlePath ${ca}\n`));
      assert.equal(await statusOf('/'), 200);
    } finally { provider.close(); }
  }));
});
