// docs/recipes/grafana.md, from the shipped settings: the requests that Grafana's generic OAuth (golang.org/x/oauth2) makes of them,
// and Grafana itself where it is installed.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { arrived, openBrowser, signIn as fillIn } from '../../../ui/tests/e2e/browser.mjs';
import { freePorts, program, root, startStack } from '../../../ui/tests/e2e/stack.mjs';
import { has } from '../web-servers.mjs';
import { recipe, run, secretIn } from './recipe.mjs';
import { signIn } from './sign-in.mjs';

let stack, page, ini, settings, own;
before(async () => {
  // the access token's fifteen minutes in seconds
  stack = await startStack('grafana', { hub: false, env: { GATEHOUSE_ACCESS_TOKEN_TTL: '20s' } });
  const [port] = await freePorts(1);
  own = `http://localhost:${port}`;
  page = recipe('grafana', { 'https%3A%2F%2Fgrafana.example.org': encodeURIComponent(own), 'https://api.example.org': stack.issuer,
    'https://grafana.example.org': own });
  const secret = secretIn(await run(page.block('sh'), stack));
  ini = page.here(readFileSync(join(root, 'deploy/recipes/grafana/grafana.ini'), 'utf8')).replace('…', secret);
  settings = Object.fromEntries([...ini.matchAll(/^(\w+) = (.*)$/gm)].map(([, name, value]) => [name, value]));
  await stack.sql(`UPDATE clients SET first_party = true WHERE client_id = 'grafana';
    INSERT INTO groups (name) VALUES ('grafana-admins');
    INSERT INTO group_members (username, group_name) VALUES ('alice', 'grafana-admins');`);
});
after(() => stack?.stop());

const redirectURI = () => `${settings.root_url}login/generic_oauth`;
/** Where Grafana sends the browser: no nonce, base64 with padding as state, and the longest verifier that there may be. */
function authCodeURL() {
  const verifier = randomBytes(96).toString('base64url');
  const state = `${randomBytes(32).toString('base64url')}=`;
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  const url = new URL(settings.auth_url);
  url.search = new URLSearchParams({ client_id: settings.client_id, redirect_uri: redirectURI(), response_type: 'code',
    scope: settings.scopes, state, code_challenge: challenge, code_challenge_method: 'S256' });
  return { url, verifier, state };
}
/** A request of golang.org/x/oauth2 to the token endpoint: id and secret are encoded as in a form, then in the header. */
async function token(form, secret = settings.client_secret) {
  const credentials = Buffer.from([settings.client_id, secret].map(encodeURIComponent).join(':')).toString('base64');
  const answer = await fetch(settings.token_url, { method: 'POST', body: new URLSearchParams(form),
    headers: { authorization: `Basic ${credentials}` } });
  return { status: answer.status, ...await answer.json() };
}
async function signedIn() {
  const { url, verifier, state } = authCodeURL();
  assert.equal(verifier.length, 128);
  const back = new URL(await signIn(stack, url.href));
  assert.equal(back.origin + back.pathname, redirectURI());
  assert.equal(back.searchParams.get('state'), state);
  return token({ grant_type: 'authorization_code', code: back.searchParams.get('code'), redirect_uri: redirectURI(),
    code_verifier: verifier });
}
const userinfo = async (tokens) => (await fetch(settings.api_url, { headers: { authorization: `Bearer ${tokens.access_token}` } })).json();

test('the shipped settings ask for PKCE, and the sign-in gives what Grafana reads', async () => {
  assert.equal(settings.use_pkce, 'true');
  const tokens = await signedIn();
  assert.equal(tokens.status, 200);
  assert.equal(tokens.token_type, 'Bearer');
  const person = await userinfo(tokens);
  assert.equal(person[settings.login_attribute_path], 'alice');
  assert.equal(person.email, 'alice@example.org');
  assert.ok(person[settings.groups_attribute_path].includes('grafana-admins'));
  assert.match(settings.role_attribute_path, /'grafana-admins'/);
});

test('the groups are in the ID token already, where Grafana evaluates role_attribute_path first', async () => {
  const tokens = await signedIn();
  const claims = JSON.parse(Buffer.from(tokens.id_token.split('.')[1], 'base64url'));
  assert.deepEqual(claims.groups, (await userinfo(tokens)).groups);
});

test('a refresh brings new tokens and new groups, until the person is disabled', async () => {
  let tokens = await signedIn();
  await stack.sql("DELETE FROM group_members WHERE username = 'alice' AND group_name = 'grafana-admins';");
  tokens = await token({ grant_type: 'refresh_token', refresh_token: tokens.refresh_token });
  assert.equal(tokens.status, 200);
  assert.ok(tokens.refresh_token && tokens.id_token);
  assert.ok(!(await userinfo(tokens)).groups.includes('grafana-admins'));
  await stack.sql("UPDATE users SET disabled_at = now() WHERE username = 'alice';");
  const refused = await token({ grant_type: 'refresh_token', refresh_token: tokens.refresh_token });
  assert.deepEqual([refused.status, refused.error], [400, 'invalid_grant']);
  await stack.sql("UPDATE users SET disabled_at = NULL WHERE username = 'alice';");
});

describe('what goes wrong', () => {
  test('a root_url of another scheme, name or port leads to an error page of Gatehouse', async () => {
    const { url } = authCodeURL();
    for (const wrong of ['https://localhost/login/generic_oauth', 'http://localhost:3000/login/generic_oauth']) {
      url.searchParams.set('redirect_uri', wrong);
      const answer = await fetch(url, { redirect: 'manual' });
      assert.equal(answer.status, 400);
    }
  });

  test('a wrong secret is invalid_client', async () => {
    const refused = await token({ grant_type: 'refresh_token', refresh_token: 'x' }, 'wrong');
    assert.deepEqual([refused.status, refused.error], [401, 'invalid_client']);
  });

  test('the address of the logout is taken', async () => {
    const answer = await fetch(settings.signout_redirect_url, { redirect: 'manual' });
    assert.ok([302, 303].includes(answer.status));
    assert.equal(answer.headers.get('location'), `${own}/login`);
  });
});

describe('Grafana itself', { skip: !has('grafana') && 'grafana is not installed, nor in a registry that the tests may use' }, () => {
  let browser, grafana, tab;
  const folder = () => join(stack.state, 'grafana');
  const begin = async (change = (text) => text) => {
    await grafana?.stop();
    mkdirSync(folder(), { recursive: true });
    const file = join(folder(), 'grafana.ini');
    const port = new URL(own).port;
    writeFileSync(file, `${change(ini).replace('[server]', `[server]\nhttp_addr = 127.0.0.1\nhttp_port = ${port}`)}
[paths]
data = ${folder()}
logs = ${folder()}
plugins = ${folder()}
[log]
mode = console
[analytics]
reporting_enabled = false
check_for_updates = false
check_for_plugin_updates = false
`);
    grafana = await program('grafana', ['server', '--homepath', process.env.GF_PATHS_HOME ?? '/usr/share/grafana', '--config', file], {},
      /HTTP Server Listen/);
  };
  before(async () => {
    browser = await openBrowser(stack.state);
    await begin();
    tab = await browser.newPage();
  });
  after(async () => {
    await browser?.close();
    await grafana?.stop();
  });
  const ask = (path) => tab.evaluate(async (to) => {
    const answer = await fetch(to);
    return { status: answer.status, ...await answer.json() };
  }, path);
  const enter = async () => {
    await tab.goto(`${own}/login/generic_oauth`).catch(() => {});
    if (tab.url().startsWith(stack.ui)) await fillIn(tab, 'alice', 'demo passphrase');
    await tab.waitForURL((url) => url.origin === own && url.pathname !== '/login/generic_oauth');
  };

  const pause = (seconds) => new Promise((r) => { setTimeout(r, seconds * 1000); });
  test('signs in with PKCE; name, address and role come from Gatehouse', (t) => browser.watched('grafana', tab, async () => {
    await stack.sql("INSERT INTO group_members (username, group_name) VALUES ('alice', 'grafana-admins') ON CONFLICT DO NOTHING;");
    await enter();
    t.diagnostic(`with Grafana ${(await ask('/api/health')).version}`);
    const { login, email, name } = await ask('/api/user');
    assert.deepEqual([login, email, name], ['alice', 'alice@example.org', 'Alice']);
    assert.equal((await ask('/api/user/orgs'))[0].role, 'Admin');
  }));

  test('the session outlives the access token, and the role of another group counts at the next sign-in', async () => {
    await pause(25);
    assert.equal((await ask('/api/user')).login, 'alice');
    await stack.sql("DELETE FROM group_members WHERE username = 'alice' AND group_name = 'grafana-admins';");
    await enter();
    assert.equal((await ask('/api/user/orgs'))[0].role, 'Viewer');
  });

  test('who is disabled is out when the access token ends', async () => {
    await stack.sql("UPDATE users SET disabled_at = now() WHERE username = 'alice';");
    for (const until = Date.now() + 40_000; (await ask('/api/user')).status !== 401; await pause(1)) {
      assert.ok(Date.now() < until, 'still in');
    }
    await stack.sql("UPDATE users SET disabled_at = NULL WHERE username = 'alice';");
  });

  test('signing out signs out of Gatehouse, too', () => browser.watched('grafana-out', tab, async () => {
    await enter();
    await tab.goto(`${own}/logout`);
    await tab.click('button[name=logout][value=yes]');
    await tab.waitForURL((url) => url.href === `${own}/login`);
    await tab.goto(`${own}/login/generic_oauth`);
    await arrived(tab, `${stack.ui}/login`);
  }));

  test('a wrong secret is in its log', async () => {
    await begin((text) => text.replace(/^client_secret = .*$/m, 'client_secret = wrong'));
    await tab.goto(`${own}/login/generic_oauth`);
    await fillIn(tab, 'alice', 'demo passphrase');
    await arrived(tab, own);
    for (const until = Date.now() + 5000; !grafana.text().includes('invalid_client'); await pause(0.1)) assert.ok(Date.now() < until);
  });
});
