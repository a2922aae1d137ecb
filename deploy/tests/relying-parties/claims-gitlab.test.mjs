// docs/recipes/gitlab.md: GitLab's OmniAuth strategy with the shipped settings, where Ruby and it are installed.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { freePorts, program, root, startStack } from '../../../ui/tests/e2e/stack.mjs';
import { missingRuby } from '../web-servers.mjs';
import { recipe, run, secretIn } from './recipe.mjs';
import { signIn } from './sign-in.mjs';

let stack, page, secret, place;
before(async () => {
  stack = await startStack('claims-gitlab', { hub: false });
  const [port] = await freePorts(1);
  place = `http://localhost:${port}`;
  page = recipe('gitlab', { 'https://api.example.org': stack.issuer, 'https://gitlab.example.org': place });
  secret = secretIn(await run(page.block('sh'), stack));
  await stack.sql("INSERT INTO group_members (username, group_name) VALUES ('alice', 'gitlab-admins');");
});
after(() => stack?.stop());

test('the rows of the page make groups of GitLab of those here', async () => {
  const printed = JSON.parse(await stack.gatehouse(['claims', 'gitlab', 'alice', '--scope', 'openid profile email']));
  assert.deepEqual(printed.userinfo.gitlab_groups, ['admins', 'users']);
});

test('the command that keeps others out is one', async () => {
  await stack.gatehouse(page.text.match(/`gatehouse (client set gitlab [^`]*)`/)[1].replace('staff', 'hub-admins').split(' '));
});

describe('the library of GitLab', { skip: missingRuby() || false }, () => {
  let app;
  before(async () => {
    await stack.sql("UPDATE clients SET require_pkce = false WHERE client_id = 'gitlab';");
    app = await begin(secret);
  });
  after(() => app?.stop());

  async function begin(given) {
    await app?.stop();
    const file = join(stack.state, 'gitlab.rb');
    writeFileSync(file, page.here(readFileSync(join(root, 'deploy/recipes/gitlab/gitlab.rb'), 'utf8')).replace('…', given));
    return program('ruby', [join(import.meta.dirname, 'clients/gitlab_app.rb')], { GITLAB_RB: file, PORT: new URL(place).port },
      /WEBrick::HTTPServer#start/);
  }
  /** Signs alice in; returns what the application says of her. `change` may alter the address that she comes back to. */
  async function enter(change = (back) => back) {
    const away = await fetch(`${place}/users/auth/openid_connect`, { redirect: 'manual' });
    const cookie = away.headers.getSetCookie().map((c) => c.split(';')[0]).join('; ');
    const back = new URL(await signIn(stack, away.headers.get('location')));
    assert.equal(back.origin + back.pathname, `${place}/users/auth/openid_connect/callback`);
    const answer = await fetch(change(back), { headers: { cookie } });
    return { status: answer.status, ...await answer.json() };
  }

  test('signs in with the shipped settings, and finds the groups', async (t) => {
    t.diagnostic(`with gitlab-omniauth-openid-connect ${spawnSync('ruby', ['-e',
      'require "omniauth_openid_connect"; print OmniAuth::OpenIDConnect::VERSION'], { encoding: 'utf8' }).stdout}`);
    const { status, uid, ...said } = await enter();
    assert.equal(status, 200);
    assert.ok(uid);
    assert.deepEqual(said, { nickname: 'alice', email: 'alice@example.org', groups: ['admins', 'users'],
      required_groups: true, external_groups: false, auditor_groups: false, admin_groups: true });
  });

  test('another group counts at the next sign-in', async () => {
    await stack.sql(`DELETE FROM group_members WHERE username = 'alice' AND group_name = 'gitlab-admins';
      INSERT INTO group_members (username, group_name) VALUES ('alice', 'guests');`);
    const said = await enter();
    assert.deepEqual(said.groups, ['guests', 'users']);
    assert.deepEqual([said.admin_groups, said.external_groups], [false, true]);
  });

  test('an answer with another state is refused', async () => {
    const refused = await enter((back) => {
      back.searchParams.set('state', 'x');
      return back;
    });
    assert.deepEqual([refused.status, refused.error], [401, 'csrf_detected']);
  });

  test('a wrong secret is named', async () => {
    app = await begin('wrong');
    const refused = await enter();
    assert.deepEqual([refused.status, refused.error], [401, 'invalid_client']);
  });
});
