// What the Hub learns without a new sign-in, each time it asks again (refresh_user). No logout is told here: what is tested must
// not need it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openBrowser } from './browser.mjs';
import { startHub, within } from './jupyterhub.mjs';
import { startStack } from './stack.mjs';

// Of the printed lines only the number of seconds is another, and how long JupyterLab believes what the Hub said.
const seconds = 2;
const soon = 20; // the Hub asks at the first request after `seconds`; the rest is for a busy machine
let stack, browser, hub, narrow, alice, bob;

before(async () => {
  // Access tokens end after three seconds, so that most refreshes take the refresh token.
  stack = await startStack('hub-refresh', { hub: false, env: { GATEHOUSE_ACCESS_TOKEN_TTL: '3s' } });
  await stack.sql(`INSERT INTO users (username, password) VALUES ('bob', password_hash('the password of bob'));
    INSERT INTO groups (name) VALUES ('physics'), ('hub-users');
    INSERT INTO group_members (group_name, username) VALUES ('hub-users', 'bob'), ('hub-users', 'alice');`);
  const settings = `
c.GenericOAuthenticator.auth_refresh_age = ${seconds}
c.Spawner.args = ["--HubOAuth.cache_max_age=1"] + (["--allow-root"] if os.geteuid() == 0 else [])`;
  hub = await startHub(stack, { settings, add: ['--group', 'hub-users'] });
  await stack.sql(`UPDATE clients SET backchannel_logout_uri = NULL WHERE client_id = '${hub.id}';`);
  browser = await openBrowser(stack.state);
  [alice, bob] = [await browser.newPage(), await browser.newPage()];
  await hub.signIn(alice, 'alice', 'demo passphrase');
  await hub.signIn(bob, 'bob', 'the password of bob');
});
after(async () => {
  await browser?.close();
  await narrow?.stop();
  await hub?.stop();
  await stack?.stop();
});

/** Waits until the Hub's answer about the person at the page has this; the page never signs in. */
const learns = (page, what, check) => browser.watched(what, page, () => within(soon, what, async () => {
  assert.ok(await hub.knows(page), 'signed out');
  return check(await hub.user(page));
}));

test('who joins or leaves a group does so at the Hub, and administers it or not, without a new sign-in', async () => {
  await learns(bob, 'his group', (user) => user.groups.join() === 'hub-users' && !user.admin);
  await stack.sql("INSERT INTO group_members (group_name, username) VALUES ('physics', 'bob'), ('hub-admins', 'bob');");
  await learns(bob, 'that he joined', (user) => user.groups.join() === 'hub-admins,hub-users,physics' && user.admin);
  assert.equal((await bob.goto(`${hub.url}/hub/admin`)).status(), 200);
  await stack.sql("DELETE FROM group_members WHERE username = 'bob' AND group_name <> 'hub-users';");
  await learns(bob, 'that he left', (user) => user.groups.join() === 'hub-users' && !user.admin);
  assert.equal((await bob.goto(`${hub.url}/hub/admin`)).status(), 403);
});

test('with offline_access the Hub keeps itself up to date after the session at Gatehouse has expired', async () => {
  await hub.lab(bob, 'bob');
  await stack.sql(`UPDATE sessions SET expires_at = now() - interval '1 second'
    WHERE user_id = (SELECT id FROM users WHERE username = 'bob');`);
  await new Promise((r) => { setTimeout(r, 4000); }); // the access token has expired, too
  await stack.sql("INSERT INTO group_members (group_name, username) VALUES ('physics', 'bob');");
  await learns(bob, 'a group after the session has expired', (user) => user.groups.join() === 'hub-users,physics');
  await bob.goto(`${hub.url}/user/bob/lab`);
  assert.ok(bob.url().startsWith(`${hub.url}/user/bob/lab`), bob.url());
});

test('who leaves the allowed groups of the client loses the Hub', async () => {
  await stack.sql("DELETE FROM group_members WHERE username = 'alice' AND group_name = 'hub-users';");
  await within(soon, 'the Hub does not know alice', async () => !await hub.knows(alice));
  assert.ok(alice.url().startsWith(`${hub.url}/hub/login`), alice.url());
});

test('a user who is disabled with SQL loses the Hub and JupyterLab', async () => {
  await bob.goto(`${hub.url}/user/bob/lab`);
  await stack.sql("UPDATE users SET disabled_at = now() WHERE username = 'bob';");
  // JupyterLab first, which asks the Hub with a token of its own: no page of the Hub is opened before.
  await within(soon, 'JupyterLab does not know bob', async () => {
    await bob.goto(`${hub.url}/user/bob/lab`);
    return !bob.url().startsWith(`${hub.url}/user/`);
  });
  assert.ok(bob.url().startsWith(`${hub.url}/hub/login`), bob.url());
  await within(soon, 'the Hub does not know bob', async () => !await hub.knows(bob));
});

test('allowed_groups of the Hub itself decides at the sign-in', async () => {
  narrow = await startHub(stack, { id: 'narrow', settings: `
c.GenericOAuthenticator.allow_all = False
c.GenericOAuthenticator.allowed_groups = {"physics"}` });
  await stack.sql("UPDATE users SET disabled_at = NULL; DELETE FROM group_members WHERE username = 'alice';");
  const page = await browser.newPage();
  await browser.watched('in', page, () => narrow.signIn(page, 'bob', 'the password of bob'));
  await page.context().close();
  const out = await browser.newPage();
  await narrow.signIn(out, 'alice', 'demo passphrase', '/hub/oauth_callback');
  assert.match(await out.innerText('body'), /403/);
  await out.context().close();
});
