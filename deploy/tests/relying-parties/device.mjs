// What the tests of the device flow share: deploy/notebook in a folder of its own, and the person at the pages.
import assert from 'node:assert/strict';
import { cpSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { arrived, openBrowser, signIn } from '../../../ui/tests/e2e/browser.mjs';
import { startStack } from '../../../ui/tests/e2e/stack.mjs';
import { python, root } from './environment.mjs';
import { recipe, run } from './recipe.mjs';

export const path = `${dirname(python)}:${process.env.PATH}`;

/** Gatehouse with the recipe's clients, a browser, and a copy of deploy/notebook that may be written to. */
export async function startDevices(name) {
  const stack = await startStack(name, { hub: false });
  const browser = await openBrowser(stack.state);
  const folder = join(stack.state, 'notebook');
  mkdirSync(folder);
  for (const file of ['gatehouse_device.py', 'device.ipynb']) cpSync(join(root, 'deploy/notebook', file), join(folder, file));
  const page = recipe('device-flow', { 'https://api.example.org': stack.issuer, 'deploy/notebook': folder });
  await run(page.block('sh', 0), stack);
  await stack.sql(page.block('sql', 0));

  /** Sends the code on the page that has it, and stops at the page where the device is allowed. */
  async function toConsent(screen, code, { password = false } = {}) {
    await screen.click('button[type=submit]');
    await arrived(screen, `${stack.ui}/${password ? 'login' : 'consent'}`);
    if (password) await signIn(screen, 'alice', 'demo passphrase');
    await arrived(screen, `${stack.ui}/consent`);
    await screen.waitForSelector(`text=${code}`);
  }
  return {
    stack, browser, page, folder, toConsent,
    picture: (what) => ({ path: join(stack.state, 'pictures', `${what}.png`), fullPage: true }),
    /** Opens the link; all that a person has to do there is to press a button. */
    async follow(screen, link, code, options) {
      await screen.goto(link);
      assert.equal(await screen.inputValue('input[name=user_code]'), code);
      await toConsent(screen, code, options);
    },
    async answer(screen, word) {
      await screen.click(`button[name=consent][value=${word}]`);
      await arrived(screen, `${stack.ui}/device-done`);
      await screen.waitForSelector('h1');
    },
    async stop() {
      await browser.close();
      await stack.stop();
    },
  };
}
