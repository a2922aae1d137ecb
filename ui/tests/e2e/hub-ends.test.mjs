// The end of an account is the end at the Hub: of its session there, of JupyterLab and of the servers, with the configuration as printed.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openBrowser, signIn } from './browser.mjs';
import { startHub, within } from './jupyterhub.mjs';
import { root, startStack } from './stack.mjs';

let stack, browser, hub;
const people = {};

before(async () => {
  stack = await startStack('hub-ends', { hub: false });
  for (const name of ['bob', 'carol', 'dora']) await stack.gatehouse(['user', 'add', name], `the password of ${name}`);
  hub = await startHub(stack);
  browser = await openBrowser(stack.state);
  for (const name of ['bob', 'carol', 'dora']) {
    people[name] = await browser.newPage();
    await browser.watched(name, people[name], async (page) => {
      await hub.signIn(page, name, `the password of ${name}`);
      await hub.lab(page, name);
    });
  }
});
after(async () => {
  await browser?.close();
  await hub?.stop();
  await stack?.stop();
});

/** Whether the server of somebody answers; it says its version to anybody. */
const runs = async (name) => (await fetch(`${hub.url}/user/${name}/api`, { redirect: 'manual' })).status === 200;
const said = (name, reason) => hub.text().includes(`The account of ${name} has ended in Gatehouse (${reason}): `
  + `no server of theirs runs, and the home of ${name} can be archived`);

/** Waits until somebody is out of the Hub, their server is stopped, and the log says whose home it is. */
async function isOver(name, reason, seconds) {
  const took = await within(seconds, `${name} is out, and the server stopped`, async () => !await runs(name) && said(name, reason));
  assert.ok(!await hub.knows(people[name]), `the Hub still knows ${name}`);
  await people[name].goto(`${hub.url}/user/${name}/lab`);
  assert.ok(people[name].url().startsWith(`${hub.url}/hub/`), people[name].url());
  return took;
}

/** Tries to sign in at the Hub, and returns what the pages say. */
async function refusedAtSignIn(page, name) {
  await page.goto(`${stack.issuer}/account`);
  await page.waitForSelector('input[name=username]');
  await signIn(page, name, `the password of ${name}`);
  const alert = page.getByRole('alert');
  await alert.waitFor();
  return alert.textContent();
}

test('the printed configuration has the service with no more rights than it needs', () => {
  assert.ok(hub.printed.includes(readFileSync(join(root, 'deploy/jupyterhub/gatehouse_ends.py'), 'utf8').trim()));
  assert.match(hub.printed, /"scopes": \["read:users:name", "read:servers", "delete:servers"\]/);
});

test('a logout stops no server', () => browser.watched('logout', people.dora, async (page) => {
  await stack.sql(`UPDATE sessions SET ended_at = now() WHERE ended_at IS NULL
    AND user_id = (SELECT id FROM users WHERE username = 'dora');`);
  await within(8, 'the Hub does not know dora', async () => !await hub.knows(page));
  assert.ok(await runs('dora'), 'the server was stopped');
  assert.ok(!hub.text().includes('The account of dora'));
}));

test('an account that ends by its date is out at the second, and within the minute its server is stopped', (t) =>
  browser.watched('expires', people.bob, async (page) => {
    await stack.sql("UPDATE users SET expires_at = now() + interval '3 seconds' WHERE username = 'bob';");
    assert.ok(await runs('bob'));
    t.diagnostic(`${await isOver('bob', 'expired', 90)} s`);
    assert.match(await refusedAtSignIn(page, 'bob'), /ended on/);
    assert.match(await stack.gatehouse(['client', 'logouts', 'hub', '--json']), /"reason": ?"expired"/);
  }));

test('offboarding does the same at once', (t) => browser.watched('offboard', people.carol, async (page) => {
  await stack.gatehouse(['offboard', 'carol']);
  t.diagnostic(`${await isOver('carol', 'offboarded', 30)} s`);
  assert.match(await refusedAtSignIn(page, 'carol'), /disabled|password|go together/i);
  assert.ok(await runs('dora'), 'the server of somebody else was stopped');
}));

test('a person without a server, or whom the Hub has forgotten, holds nothing up', async () => {
  await stack.gatehouse(['user', 'remove', 'dora']);
  await within(30, 'the server of dora is stopped', async () => !await runs('dora') && said('dora', 'deleted'));
  const logouts = JSON.parse(await stack.gatehouse(['client', 'logouts', 'hub', '--json']));
  await within(15, 'all are delivered', async () => JSON.parse(await stack.gatehouse(['client', 'logouts', 'hub', '--json']))
    .every((one) => one.delivered_at));
  assert.ok(logouts.length >= 4);
});
