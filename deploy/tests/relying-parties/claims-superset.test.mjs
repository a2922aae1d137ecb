// docs/recipes/superset.md: Flask-AppBuilder, which has all of Superset's sign-in, with the shipped superset_config.py.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { freePorts, program, root, startStack } from '../../../ui/tests/e2e/stack.mjs';
import { python, withVersions } from './environment.mjs';
import { recipe, run, secretIn } from './recipe.mjs';
import { signIn } from './sign-in.mjs';

const clients = join(import.meta.dirname, 'clients');
let stack, page, place, app, secret;
before(async () => {
  stack = await startStack('claims-superset', { hub: false });
  const [port] = await freePorts(1);
  place = `http://localhost:${port}`;
  page = recipe('superset', { 'https://api.example.org': stack.issuer, 'https://superset.example.org': place });
  secret = secretIn(await run(page.block('sh'), stack));
  await stack.sql(`INSERT INTO groups (name) VALUES ('bi:Alpha'), ('bi:Unheard-of');
    INSERT INTO group_members (username, group_name) VALUES ('alice', 'bi-admins'), ('alice', 'bi:Alpha'), ('alice', 'bi:Unheard-of');`);
  app = await begin(secret);
});
after(async () => {
  await app?.stop();
  await stack?.stop();
});

async function begin(given) {
  await app?.stop();
  const folder = join(stack.state, 'superset');
  mkdirSync(folder, { recursive: true });
  const config = readFileSync(join(root, 'deploy/recipes/superset/superset_config.py'), 'utf8');
  writeFileSync(join(folder, 'superset_config.py'), page.here(config));
  return program(join(dirname(python), 'flask'), ['--app', 'appbuilder_app', 'run', '--port', new URL(place).port],
    { PYTHONPATH: `${folder}:${clients}`, OIDC_CLIENT_SECRET: given, AUTHLIB_INSECURE_TRANSPORT: '1' }, /Running on/, { group: true });
}
/** Signs alice in; returns what the application says of her, or the page that she ends at. */
async function enter() {
  const cookies = new Map();
  const get = async (address) => {
    const answer = await fetch(address, { redirect: 'manual', headers: { cookie: [...cookies].map((c) => c.join('=')).join('; ') } });
    for (const cookie of answer.headers.getSetCookie()) cookies.set(...cookie.split(';')[0].split(/=(.*)/s, 2));
    return answer;
  };
  const away = await get(`${place}/login/gatehouse`);
  assert.match(away.headers.get('location'), /code_challenge_method=S256/);
  const back = await get(await signIn(stack, away.headers.get('location')));
  if (back.headers.get('location')?.includes('/login')) return (await get(new URL(back.headers.get('location'), place))).text();
  return (await get(`${place}/me`)).json();
}
const quoted = (what) => assert.ok(page.text.replaceAll(/\s+/g, ' ').includes(what), `the page does not quote: ${what}`);

test('registers a person at the first sign-in, with the roles of the rows that Superset has', async (t) => {
  withVersions(t, ['Flask-AppBuilder', 'Authlib']);
  assert.deepEqual(await enter(), { username: 'alice', email: 'alice@example.org', roles: ['Admin', 'Alpha', 'Gamma', 'Public'] });
});

test('the next sign-in takes away what the groups no longer give', async () => {
  await stack.sql("DELETE FROM group_members WHERE username = 'alice' AND group_name IN ('bi-admins', 'bi:Alpha');");
  assert.deepEqual((await enter()).roles, ['Gamma', 'Public']);
});

test('a role that Superset does not have is in its log', async () => {
  await stack.gatehouse(['client', 'claim', 'add', 'superset', 'superset_roles', '--value', 'sql_lab', '--shape', 'list']);
  await new Promise((heard) => { setTimeout(heard, 1000); });
  assert.deepEqual((await enter()).roles, ['Gamma', 'Public']);
  assert.match(app.text(), /Can't find role specified in AUTH_ROLES_MAPPING/);
  quoted("Can't find role specified in AUTH_ROLES_MAPPING");
});

test('a client without the claim lets nobody in, and says why in the log', async () => {
  await stack.sql("DELETE FROM client_claims WHERE client_id = 'superset';");
  assert.match(await enter(), /Invalid login/);
  const said = "Error returning OAuth user info: 'superset_roles'";
  assert.ok(app.text().includes(said), app.text());
  quoted(said);
});

test('a wrong secret is named in the log', async () => {
  app = await begin('wrong');
  assert.match(await enter(), /The request to sign in was denied/);
  quoted('The request to sign in was denied.');
  assert.match(app.text(), /Error authorizing OAuth access token: invalid_client/);
  quoted('Error authorizing OAuth access token: invalid_client');
});
