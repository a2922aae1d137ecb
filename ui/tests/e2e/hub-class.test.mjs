// A class on Monday: a roster becomes thirty people in JupyterLab, with two commands (docs/class.md).
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { arrived, assertNoneIn, openBrowser } from './browser.mjs';
import { startHub } from './jupyterhub.mjs';
import { startStack } from './stack.mjs';

// As Canvas exports its gradebook: a line of points possible, names in two orders and in many letters.
const given = ['Ada', 'Bea', 'Çağla', 'Dörte', 'Eñaut', 'Fatou', 'Gülşen', 'Håkon', 'Inès', 'Jürgen'];
const family = ['Lovelace', "O'Neill", 'von der Straßen'];
const people = family.flatMap((last, i) => given.map((first, j) => ({ first, last, login: `s${100 + i * 10 + j}` })));
const gradebook = ['Student,ID,SIS Login ID,Section,Homework 1', '"    Points Possible",,,,10',
  ...people.map(({ first, last, login }, i) => `"${last}, ${first}",${7000 + i},${login},Monday,`)].join('\n');

let stack, browser, hub, links;
before(async () => {
  stack = await startStack('hub-class', { hub: false });
  browser = await openBrowser(stack.state, { viewport: { width: 360, height: 740 } });
  hub = await startHub(stack);
});
after(async () => {
  await hub?.stop();
  await browser?.close();
  await stack?.stop();
});

test('two commands make thirty people of a gradebook, with a link each', async () => {
  const [roster, file] = [join(stack.state, 'gradebook.csv'), join(stack.state, 'links.csv')];
  writeFileSync(roster, `\uFEFF${gradebook}\n`);
  await stack.gatehouse(['group', 'add', 'physics101']);
  const said = await stack.gatehouse(['user', 'import', roster, '--group', 'physics101', '--links', file, '--client-id', hub.id]);
  assert.match(said, /imported 30 new people/);
  links = readFileSync(file, 'utf8').trim().split('\n').slice(1).map((line) => {
    const [username, , , link] = line.match(/("([^"]|"")*"|[^,]*)(,|$)/g).map((cell) => cell.replace(/,$/, ''));
    return { username, link };
  });
  assert.deepEqual(links.map(({ username }) => username), people.map(({ login }) => login));
});

/** Opens the link, chooses a password that is shown to nobody, signs in with it, and goes on to JupyterLab. */
async function arrives({ username, link }, wholly) {
  const page = await browser.newPage();
  const password = randomBytes(12).toString('base64url');
  browser.secrets.set(password, `password of ${username}`);
  await browser.watched(`class-${username}`, page, async () => {
    await page.goto(link);
    await arrived(page, `${stack.ui}/new-password`);
    await page.fill('input[name=new_password]', password);
    await page.click('main button[type=submit]');
    await arrived(page, `${stack.ui}/login`);
    assert.equal(await page.inputValue('input[name=username]'), username);
    await page.fill('input[name=password]', password);
    await page.click('main button[type=submit]');
    // Ten megabytes of scripts for each new profile: one waits until all of it is drawn.
    await page.waitForURL((to) => to.href.startsWith(`${hub.url}/user/${username}/lab`), { waitUntil: 'commit' });
    await page.waitForFunction(() => /JupyterLab/.test(document.title));
    if (wholly) await page.waitForSelector('.jp-LauncherCard');
    await page.goto(`${hub.url}/hub/home`);
    const { groups, server } = await hub.user(page);
    assert.deepEqual([groups, server], [['physics101'], `/user/${username}/`]);
    // Thirty servers at once need more than a laptop has.
    assert.ok((await page.evaluate(async (name) => (await fetch(
      `/hub/api/users/${name}/server?_xsrf=${globalThis.jhdata.xsrf_token}`, { method: 'DELETE' })).status, username)) < 300);
  });
  await page.context().close();
}

test('thirty people are in JupyterLab, with passwords that nobody but they have seen', async (t) => {
  const began = Date.now();
  const waiting = links.map((one, i) => ({ ...one, wholly: i === 0 }));
  const next = async () => {
    for (let one = waiting.shift(); one; one = waiting.shift()) await arrives(one, one.wholly);
  };
  await Promise.all([next(), next(), next()]);
  t.diagnostic(`${links.length} people in ${Math.round((Date.now() - began) / 1000)} s`);
  assertNoneIn(stack.logs(), browser.secrets);
});

test('a link is good once, and the roster again changes nothing', async () => {
  const page = await browser.newPage();
  await page.goto(links[0].link);
  await page.waitForSelector('main [role=alert]');
  assert.match(await page.innerText('main'), /used/);
  await page.context().close();
  const said = await stack.gatehouse(['user', 'import', join(stack.state, 'gradebook.csv'), '--group', 'physics101', '--dry-run']);
  assert.match(said, /would import 0 new people; 0 others joined the group, and 30 were in it or there already/);
});
