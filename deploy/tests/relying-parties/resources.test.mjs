// What `gatehouse resource print-config` prints, run as docs/recipes/mcp.md says: services with FastAPI, behind nginx, and with Django.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { freePorts, program, startStack } from '../../../ui/tests/e2e/stack.mjs';
import { missing, start } from '../web-servers.mjs';
import { python, withVersions } from './environment.mjs';
import { recipe, run } from './recipe.mjs';
import { tokensFor } from './sign-in.mjs';
import { answer } from './swagger.mjs';

const name = `Zoë's "jobs" \\ $host """ é`; // what would end a text in Python, in nginx or in JSON
let stack, page;
before(async () => { stack = await startStack('resources', { hub: false }); });
after(() => stack?.stop());

/** Adds a service at an address, with a client for tokens for it; `printed(template)` is what is printed for it. */
async function add(id, address) {
  page = recipe('mcp', { 'https://mcp.example.org/mcp': address });
  await stack.gatehouse(['resource', 'add', address, '--name', name, '--scope', 'jobs:run=Run jobs']);
  await stack.sql(`INSERT INTO clients (client_id, token_endpoint_auth_method, redirect_uris, first_party, grant_types, audiences, scope)
    VALUES ('${id}', 'none', '{http://localhost/}', true, '{authorization_code,refresh_token}', '{${address}}',
      'openid offline_access jobs:run');`);
}

/** Tokens of a client after a sign-in with two factors, which are said to have been there. */
async function withTwoFactors(id) {
  const { refresh_token: refreshToken } = await tokensFor(stack, id, 'http://localhost/', 'openid offline_access jobs:run');
  await stack.sql(`UPDATE grants SET amr = '{pwd,otp}' WHERE client_id = '${id}';`);
  const refreshed = await fetch(`${stack.issuer}/token`, { method: 'POST',
    body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken, client_id: id }) });
  return (await refreshed.json()).access_token;
}

/** What a service has to answer at its address, to each token. */
async function answersAsItShould(id, address) {
  const at = new URL(address);
  const metadata = `${at.origin}/.well-known/oauth-protected-resource${at.pathname}`;
  const document = JSON.parse(await stack.gatehouse(['resource', 'print-config', address]));
  assert.deepEqual(document, { resource: address, resource_name: name, authorization_servers: [stack.issuer],
    scopes_supported: ['jobs:run'], bearer_methods_supported: ['header'] });
  assert.deepEqual(await (await fetch(metadata)).json(), document);

  const none = await answer(address);
  assert.deepEqual([none.status, none.challenge], [401, `Bearer resource_metadata="${metadata}"`]);
  const { access_token: token, id_token: idToken } = await tokensFor(stack, id, 'http://localhost/', 'openid jobs:run');
  const good = await answer(address, token);
  assert.deepEqual([good.status, good.body.client_id, good.body.scope], [200, id, 'openid jobs:run']);
  for (const bad of [idToken, `${token.slice(0, -4)}AAAA`, 'x']) {
    const refused = await answer(address, bad);
    assert.equal(refused.status, 401, bad);
    assert.match(refused.challenge, /error="invalid_token"/);
  }
  const { access_token: narrow } = await tokensFor(stack, id, 'http://localhost/', 'openid');
  const lacks = await answer(address, narrow);
  assert.equal(lacks.status, 403);
  assert.match(lacks.challenge, /error="insufficient_scope".*scope="jobs:run"/);

  const changes = async (bearer) => fetch(address, { method: 'POST', headers: { authorization: `Bearer ${bearer}` } });
  const weak = await changes(token);
  assert.equal(weak.status, 401);
  const asked = weak.headers.get('www-authenticate').match(/error="insufficient_user_authentication".*acr_values="([^"]+)"/)[1];
  assert.ok(asked.split(' ').includes('mfa') && asked.split(' ').includes('phr') && !asked.split(' ').includes('1'), asked);
  const strong = await changes(await withTwoFactors(id));
  assert.deepEqual([strong.status, (await strong.json()).acr], [200, 'mfa']);
}

const service = (folder, command, ready) => program('bash', ['-euc', `cd ${folder} && exec ${command}`],
  { PATH: `${dirname(python)}:${process.env.PATH}` }, ready);

const noNginx = missing('nginx') || false;
describe('FastAPI behind nginx', { skip: noNginx }, () => {
  const running = [];
  after(async () => { for (const one of running.reverse()) await one.stop(); });

  test('checks tokens, and says what is missing', async (t) => {
    withVersions(t, ['fastapi', 'PyJWT']);
    const [port, behind] = await freePorts(2);
    const address = `http://localhost:${port}/jobs`;
    await add('fastapi', address);
    const folder = join(stack.state, 'fastapi');
    mkdirSync(folder);
    await run(page.block('sh', 3).split('\n')[0].replace('service.py', `${folder}/service.py`), stack);
    running.push(await service(folder, `uvicorn service:app --port ${behind}`, /running on http/));
    const locations = await stack.gatehouse(['resource', 'print-config', address, '--template', 'nginx']);
    const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${folder}/${kind};`).join(' ');
    writeFileSync(join(folder, 'nginx.conf'), `daemon off; pid ${folder}/nginx.pid; error_log ${folder}/error.log; events {}
      http { access_log off; ${temp} server { listen 127.0.0.1:${port}; server_name localhost;
      ${locations.replace('127.0.0.1:8010', `127.0.0.1:${behind}`)} } }`);
    running.push(await start('nginx', ['-p', folder, '-c', join(folder, 'nginx.conf')], port));
    await answersAsItShould('fastapi', address);
  });
});

describe('Django', () => {
  let site;
  after(() => site?.stop());

  test('checks tokens, and says what is missing', async (t) => {
    withVersions(t, ['Django', 'PyJWT']);
    const [port] = await freePorts(1);
    const address = `http://localhost:${port}/jobs`;
    await add('django', address);
    const folder = join(stack.state, 'django');
    mkdirSync(folder);
    await run(page.block('sh', 3).split('\n')[1].replace('gatehouse_resource.py', `${folder}/gatehouse_resource.py`), stack);
    site = await service(folder, `python -u gatehouse_resource.py runserver --noreload ${port}`, /Quit the server/);
    await answersAsItShould('django', address);
  });
});

test('what is no address has no metadata', async () => {
  await stack.gatehouse(['resource', 'add', 'jobs']);
  await assert.rejects(stack.gatehouse(['resource', 'print-config', 'jobs']), /must be an http or https address/);
});
