// What is printed for Zero to JupyterHub and for The Littlest JupyterHub, loaded as each of them loads it, by a real Hub.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { arrived, openBrowser } from './browser.mjs';
import { startHub, within } from './jupyterhub.mjs';
import { root, startStack } from './stack.mjs';

let stack, browser;
before(async () => {
  stack = await startStack('hub-distributions', { hub: false });
  browser = await openBrowser(stack.state);
});
after(async () => {
  await browser?.close();
  await stack?.stop();
});

/** The file as PyYAML reads it, which the chart's Hub uses, too. */
const parsed = (file) => JSON.parse(execFileSync(join(root, '.cache/venv/bin/python'),
  ['-c', 'import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))', file], { encoding: 'utf8' }));

for (const template of ['z2jh', 'tljh']) {
  test(`${template}: sign-in, administrators, JupyterLab, and a logout of Gatehouse that reaches the Hub`, async () => {
    const hub = await startHub(stack, { id: template, template });
    const page = await browser.newPage();
    await browser.watched(template, page, async () => {
      await hub.signIn(page, 'alice', 'demo passphrase');
      assert.deepEqual((await hub.user(page)).groups, ['hub-admins']);
      assert.equal((await page.goto(`${hub.url}/hub/admin`)).status(), 200);
      await hub.lab(page, 'alice');
      await page.goto(`${stack.issuer}/logout`);
      await page.click('button[name=logout][value=yes]');
      await arrived(page, `${stack.ui}/signed-out`);
      await within(10, 'the Hub does not know alice', async () => !await hub.knows(page));
      await page.goto(`${hub.url}/hub/logout`);
      await arrived(page, `${hub.url}/hub/login`);
    }).finally(() => hub.stop());
    assert.doesNotMatch(hub.text(), /not recognized by `(Generic|Jupyter|Crypt)/);
    await page.context().close();
  });
}

test('the values have what the chart has a place for, and nothing else', async () => {
  const values = parsed(join(stack.state, 'z2jh/values.yaml'));
  assert.deepEqual(Object.keys(values), ['hub']);
  assert.deepEqual(Object.keys(values.hub), ['config', 'extraConfig']);
  // hub.config: names of classes; hub.extraConfig: texts (values.schema.yaml of the chart).
  for (const [section, settings] of Object.entries(values.hub.config)) {
    assert.match(section, /^[A-Z]/);
    assert.equal(typeof settings, 'object');
  }
  assert.ok(Object.values(values.hub.extraConfig).every((text) => typeof text === 'string'));
  assert.ok(!('CryptKeeper' in values.hub.config), 'the chart makes that key itself');
});
