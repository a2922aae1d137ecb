// docs/recipes/gitea.md: the rows of the page, and Gitea itself where it has been built.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { freePorts, program, root, startStack } from '../../../ui/tests/e2e/stack.mjs';
import { recipe, run, secretIn } from './recipe.mjs';
import { serverOf, sourceOf } from './servers.mjs';
import { signIn } from './sign-in.mjs';

let stack, page, secret, place;
before(async () => {
  stack = await startStack('claims-gitea', { hub: false });
  const [port] = await freePorts(1);
  place = `http://localhost:${port}`;
  page = recipe('gitea', { 'https://api.example.org': stack.issuer, 'https://git.example.org': place });
  secret = secretIn(await run(page.block('sh'), stack));
  await stack.sql(`INSERT INTO groups (name) VALUES ('course-ml');
    INSERT INTO group_members (username, group_name) VALUES ('alice', 'course-ml'), ('alice', 'gitea-admins');`);
});
after(() => stack?.stop());

test('the rows of the page make groups of Gitea of those here, and no others', async () => {
  const printed = JSON.parse(await stack.gatehouse(['claims', 'gitea', 'alice', '--scope', 'openid profile email']));
  assert.deepEqual(printed.id_token.gitea_groups, ['admins', 'course-ml']);
  assert.deepEqual(printed.userinfo.gitea_groups, ['admins', 'course-ml']);
  assert.equal(printed.id_token.groups, undefined);
});

const skip = !serverOf('gitea') && 'gitea is not there: node deploy/tests/relying-parties/servers.mjs builds it';
describe('Gitea itself', { skip }, () => {
  let server, config, token;
  const gitea = async (...args) => (await promisify(execFile)(serverOf('gitea'), ['--config', config, ...args])).stdout;
  const start = () => program(serverOf('gitea'), ['--config', config, 'web'], {}, /Starting new Web server/);
  before(async () => {
    const folder = join(stack.state, 'gitea');
    mkdirSync(folder);
    config = join(folder, 'app.ini');
    const [, user, database, socket] = stack.settings.DATABASE_URL.match(/^postgres:\/\/(\w+)@\/(\w+)\?host=(.*)$/);
    await stack.sql('CREATE SCHEMA gitea;');
    writeFileSync(config, `I_AM_BEING_UNSAFE_RUNNING_AS_ROOT = true
WORK_PATH = ${folder}
[server]
HTTP_ADDR = 127.0.0.1
HTTP_PORT = ${new URL(place).port}
ROOT_URL = ${place}/
STATIC_ROOT_PATH = ${process.env.GITEA_STATIC_ROOT_PATH ?? sourceOf('gitea')}
DISABLE_SSH = true
OFFLINE_MODE = true
[database]
DB_TYPE = postgres
HOST = ${decodeURIComponent(socket)}
NAME = ${database}
USER = ${user}
SCHEMA = gitea
[security]
INSTALL_LOCK = true
SECRET_KEY = only-for-this-test
${readFileSync(join(root, 'deploy/recipes/gitea/app.ini'), 'utf8')}`);
    await gitea('migrate');
    server = await start();
    await gitea('admin', 'user', 'create', '--admin', '--username', 'root-of-gitea', '--random-password', '--email', 'root@example.org');
    const made = await gitea('admin', 'user', 'generate-access-token', '--username', 'root-of-gitea', '--scopes', 'all', '--raw');
    [token] = made.match(/^[0-9a-f]{40}$/m);
    await api('POST', '/orgs', { username: 'lectures' });
    await api('POST', '/orgs/lectures/teams', { name: 'ml', permission: 'read', units: ['repo.code'] });
    await addSource(secret);
  });
  after(() => server?.stop());

  async function api(method, path, body) {
    const answer = await fetch(`${place}/api/v1${path}`, { method, body: body && JSON.stringify(body),
      headers: { authorization: `token ${token}`, 'content-type': 'application/json' } });
    assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${await answer.clone().text()}`);
    return answer.json();
  }
  const addSource = (given) => run(page.block('sh', 1).replace('gitea admin', `gitea --config ${config} admin`).replace('…', given), stack,
    { path: [dirname(serverOf('gitea'))] });
  /** Signs alice in; returns the page that she arrives at. */
  async function enter() {
    const cookies = new Map();
    const get = async (address) => {
      const answer = await fetch(address, { redirect: 'manual', headers: { cookie: [...cookies].map((c) => c.join('=')).join('; ') } });
      for (const cookie of answer.headers.getSetCookie()) cookies.set(...cookie.split(';')[0].split(/=(.*)/s, 2));
      return answer;
    };
    const away = await get(`${place}/user/oauth2/gatehouse`);
    let answer = await get(await signIn(stack, away.headers.get('location')));
    for (let i = 0; i < 5 && answer.headers.get('location'); i += 1) answer = await get(new URL(answer.headers.get('location'), place));
    return answer.text();
  }
  const alice = async () => (await api('GET', '/admin/users')).find((user) => user.login === 'alice');
  const team = async () => {
    const [{ id }] = (await api('GET', '/orgs/lectures/teams')).filter((one) => one.name === 'ml');
    return (await api('GET', `/teams/${id}/members`)).map((user) => user.login);
  };

  test('makes an account at the first sign-in, an administrator and a member of the team by the groups', async (t) => {
    t.diagnostic(`with ${(await gitea('--version')).trim()}`);
    await enter();
    const { email, is_admin: isAdmin } = await alice();
    assert.deepEqual([email, isAdmin], ['alice@example.org', true]);
    assert.deepEqual(await team(), ['alice']);
  });

  test('the next sign-in takes away what the groups no longer give', async () => {
    await stack.sql("DELETE FROM group_members WHERE username = 'alice' AND group_name IN ('gitea-admins', 'course-ml');");
    await enter();
    assert.equal((await alice()).is_admin, false);
    assert.deepEqual(await team(), []);
  });

  test('a wrong secret is in its log', async () => {
    await stack.gatehouse(['client', 'rotate-secret', 'gitea']);
    await enter();
    assert.match(server.text(), /invalid_client/);
  });
});
