// A course: its teachers see and open the servers of their students, and of nobody else; its folder is theirs to write (docs/class.md).
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openBrowser } from './browser.mjs';
import { startHub } from './jupyterhub.mjs';
import { startStack } from './stack.mjs';

// Takes what KubeSpawner takes; what it was given is in the log.
const settings = `
from jupyterhub.spawner import SimpleLocalProcessSpawner
from traitlets import List

class KubeSpawner(SimpleLocalProcessSpawner):
    volumes, volume_mounts = List(), List()

    async def start(self):
        self.log.info("folders of %s: %s %s", self.user.name, [v["name"] for v in self.volumes],
                      [(m["subPath"], m["mountPath"], m["readOnly"]) for m in self.volume_mounts])
        return await super().start()

c.JupyterHub.spawner_class = KubeSpawner
`;
const password = 'demo passphrase';
let stack, browser, hub;
before(async () => {
  stack = await startStack('hub-course', { hub: false });
  for (const name of ['bob', 'eve', 'grace']) await stack.gatehouse(['user', 'add', name], `${password}\n`);
  const said = await stack.gatehouse(['course', 'create', 'Stat_131.a', '--teachers', 'grace']);
  assert.match(said, /nbgrader-Stat_131\.a is for students, formgrade-Stat_131\.a for teachers/);
  await stack.gatehouse(['group', 'add-member', 'nbgrader-Stat_131.a', 'bob']);
  browser = await openBrowser(stack.state);
  hub = await startHub(stack, { settings });
});
after(async () => {
  await hub?.stop();
  await browser?.close();
  await stack?.stop();
});

/** What the Hub answers to somebody at their page of it. */
const asked = (page, method, path) => page.evaluate(async ([how, where]) => {
  const answer = await fetch(`/hub/api/${where}?_xsrf=${globalThis.jhdata.xsrf_token}`, { method: how });
  return { status: answer.status, body: answer.ok && answer.status !== 204 ? await answer.json().catch(() => null) : null };
}, [method, path]);

test('again it adds who is new, and takes nobody away', async () => {
  await stack.gatehouse(['course', 'create', 'Stat_131.a', '--teachers', 'grace', '--graders', 'alice']);
  const { members, owners } = JSON.parse(await stack.gatehouse(['group', 'show', 'formgrade-Stat_131.a']));
  assert.deepEqual([members, owners], [2, ['grace']]);
  await assert.rejects(stack.gatehouse(['course', 'create', 'stat 131', '--teachers', 'grace']), /name must be letters, digits/);
  await assert.rejects(stack.gatehouse(['course', 'create', 'bio1', '--teachers', 'nobody']), /nobody/);
  await assert.rejects(stack.gatehouse(['group', 'show', 'nbgrader-bio1']), /no group/, 'all or nothing');
});

test('students have their folder to read, and see nobody', async () => {
  const page = await browser.newPage();
  await browser.watched('student', page, async () => {
    await hub.signIn(page, 'bob', password);
    assert.equal((await asked(page, 'GET', 'users')).status, 403);
    assert.equal((await asked(page, 'GET', 'users/eve')).status, 404);
    await page.goto(`${hub.url}/hub/spawn`);
    await page.waitForURL((to) => to.pathname.startsWith('/user/bob/'));
  });
  assert.match(hub.text(), /folders of bob: \['courses'\] \[\('Stat_131\.a', '\/srv\/courses\/Stat_131\.a', True\)\]/);
  await page.context().close();
});

test('teachers see their students alone, open their servers, and write to the folder', async () => {
  const other = await browser.newPage();
  await hub.signIn(other, 'eve', password);
  await other.context().close();
  const page = await browser.newPage();
  await browser.watched('teacher', page, async () => {
    await hub.signIn(page, 'grace', password);
    const { body } = await asked(page, 'GET', 'users');
    assert.deepEqual(body.map(({ name }) => name).filter((name) => name !== 'grace'), ['bob']);
    assert.equal((await page.goto(`${hub.url}/hub/admin`)).status(), 200);
    await page.goto(`${hub.url}/user/bob/lab`); // by way of the question whether they want to
    await page.getByRole('button', { name: 'Authorize' }).click();
    await page.waitForURL((to) => to.pathname.startsWith('/user/bob/lab'));
    assert.match(await page.title(), /JupyterLab/);
    await page.goto(`${hub.url}/hub/home`);
    assert.ok((await asked(page, 'DELETE', 'users/bob/server')).status < 300);
    assert.equal((await asked(page, 'POST', 'users/eve/server')).status, 404, 'of whom they are not the teacher');
    await page.goto(`${hub.url}/hub/spawn`);
    await page.waitForURL((to) => to.pathname.startsWith('/user/grace/'));
  });
  assert.match(hub.text(), /folders of grace: \['courses'\] \[\('Stat_131\.a', '\/srv\/courses\/Stat_131\.a', False\)\]/);
  await page.context().close();
});
