// Sign-in from a notebook in a real JupyterLab with the device flow, as docs/recipes/device-flow.md says.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { assertNoneIn } from '../../../ui/tests/e2e/browser.mjs';
import { freePorts, program } from '../../../ui/tests/e2e/stack.mjs';
import { path, startDevices } from './device.mjs';
import { withVersions } from './environment.mjs';

let all, stack, browser, notebook, lab, tab, address;
const own = () => join(stack.state, 'jupyter');
before(async () => {
  all = await startDevices('device-jupyterlab');
  ({ stack, browser } = all);
  notebook = join(all.folder, 'device.ipynb');
  const [port] = await freePorts(1);
  mkdirSync(own());
  const settings = { allow_root: true, open_browser: false, port, port_retries: 0 };
  writeFileSync(join(own(), 'jupyter_server_config.json'),
    JSON.stringify({ ServerApp: settings, LabApp: settings, ExtensionApp: settings }));
  const open = /http:\/\/localhost:\d+\/lab\?token=\w+/;
  lab = await program('bash', ['-euc', all.page.block('sh', 1).replace('&& ', '&& exec env ')],
    { PATH: path, JUPYTER_CONFIG_DIR: own(), JUPYTER_DATA_DIR: own(), JUPYTER_RUNTIME_DIR: join(own(), 'runtime'),
      IPYTHONDIR: join(own(), 'ipython'), JUPYTERLAB_SETTINGS_DIR: join(own(), 'lab') }, open);
  address = lab.text().match(open)[0].replace('/lab?', '/lab/tree/device.ipynb?');
  tab = await browser.newPage();
});
after(async () => {
  await lab?.stop('SIGINT');
  await all?.stop();
});
const cells = () => tab.locator('.jp-Notebook .jp-CodeCell');
const output = (n) => cells().nth(n).locator('.jp-OutputArea-output');

/** Runs all cells, and waits for the link and the code in the first. */
async function runAll() {
  await tab.click('.lm-MenuBar-item:has-text("Run")');
  await tab.click('.lm-Menu-item[data-command="runmenu:run-all"]');
  const code = await output(0).locator('text=/^\\s*[B-Z]{4}-[B-Z]{4}\\s*$/').innerText();
  browser.secrets.set(code.trim(), 'user code');
  return code.trim();
}
/** Opens the link of the cell as a person does. */
async function openLink() {
  const opening = tab.context().waitForEvent('page');
  await output(0).locator('a').click();
  return opening;
}
async function save() {
  const since = statSync(notebook).mtimeMs;
  await tab.keyboard.press('Control+s');
  // JupyterLab empties the file before it writes.
  const written = () => statSync(notebook).mtimeMs !== since && readFileSync(notebook, 'utf8').trimEnd().endsWith('}');
  for (const end = Date.now() + 20_000; !written(); await new Promise((r) => { setTimeout(r, 100); })) {
    assert.ok(Date.now() < end, 'the notebook is not saved');
  }
  return readFileSync(notebook, 'utf8');
}

test('the cell shows a link and a code that count down, and once they are allowed the next cells have the token', async (t) => {
  withVersions(t, ['jupyterlab', 'ipykernel']);
  await browser.watched('notebook', tab, async () => {
    await tab.goto(address);
    await tab.waitForSelector('text=/\\| Idle$/'); // the kernel, in the status bar
    const code = await runAll();
    const clock = await output(0).locator('[role=timer]').innerText();
    await tab.waitForFunction((was) => document.querySelector('.jp-OutputArea-output [role=timer]').innerText !== was, clock);
    await tab.screenshot(all.picture('notebook-waiting'));
    const screen = await openLink();
    assert.equal(await screen.inputValue('input[name=user_code]'), code);
    await all.toConsent(screen, code, { password: true });
    await all.answer(screen, 'yes');
    await screen.close();
    await output(2).locator('text=/<token of alice, hidden/').waitFor();
    assert.match(await output(0).innerText(), /Signed in as alice\./);
    assert.match(await output(1).innerText(), /'preferred_username': 'alice'/);
    await tab.screenshot(all.picture('notebook-done'));
    const text = await save();
    assert.match(text, /Signed in as alice/);
    assert.doesNotMatch(text, new RegExp(`eyJ|${code}|[\\w-]{43}`)); // no JWT, user code, device code or refresh token
    await browser.rememberCookies(tab, stack.issuer);
  });
});

test('the second run needs no password', () => browser.watched('notebook-again', tab, async () => {
  const code = await runAll();
  const screen = await openLink();
  await all.toConsent(screen, code);
  await all.answer(screen, 'yes');
  await screen.close();
  await output(0).locator('text=Signed in as alice.').waitFor();
}));

test('what is denied is a sentence in the cell, and the next cells are not run', () => browser.watched('notebook-denied', tab, async () => {
  const code = await runAll();
  const screen = await openLink();
  await all.toConsent(screen, code);
  await all.answer(screen, 'no');
  await screen.close();
  await output(0).locator('text=did not allow it').waitFor();
  assert.equal(await output(1).count(), 0);
  assert.doesNotMatch(await cells().first().innerText(), /Traceback|line \d/);
  await tab.screenshot(all.picture('notebook-denied'));
}));

test('interrupting the kernel stops it with a sentence', () => browser.watched('notebook-interrupt', tab, async () => {
  await runAll();
  await tab.click('[data-command="notebook:interrupt-kernel"], jp-button[data-command="notebook:interrupt-kernel"]');
  await output(0).locator('text=Stopped. Nobody has signed in here').waitFor();
  await tab.screenshot(all.picture('notebook-interrupted'));
  assert.doesNotMatch(await save(), new RegExp([...browser.secrets.keys()].join('|')));
}));

test('no token, code or cookie is in what JupyterLab wrote, or in a log', async () => {
  const logs = stack.logs();
  logs.set('the log of JupyterLab', lab.text());
  const files = (dir) => readdirSync(dir, { recursive: true }).map((name) => join(dir, name)).filter((name) => statSync(name).isFile());
  for (const file of [...files(own()), ...files(all.folder)]) logs.set(file, readFileSync(file, 'latin1'));
  assert.ok([...browser.secrets.values()].includes('user code') && [...browser.secrets.values()].some((what) => what.startsWith('cookie')));
  assertNoneIn(logs, browser.secrets);
  for (const [file, text] of logs) assert.doesNotMatch(text, /eyJ[\w-]{20,}\.[\w-]{20}/, `a token in ${file}`);
});
