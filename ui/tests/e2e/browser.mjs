// A browser that remembers the secrets it saw, so that the logs can be searched for them.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { findChromium, launchArgs } from '../chromium.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** How long a page may take for a step, in ms: JupyterLab on a busy machine takes half a minute. */
export const patience = 180_000;

/** Goes on from a page that the Hub shows on a busy machine (docs/quickstart.md: “Server not running”), as people do: not at once. */
function launch() {
  if (!location.pathname.includes('/hub/spawn-pending/')) return;
  document.addEventListener('DOMContentLoaded', () => {
    const link = document.getElementById('start');
    if (/^\s*Launch\s+Server\s*$/.test(link?.textContent)) setTimeout(() => link.click(), 5000);
  });
}

/** Opens Chromium for a test file; pictures of failures go to `state`/pictures. `options` are those of a new context. */
export async function openBrowser(state, options = {}) {
  const browser = await chromium.launch({ executablePath: await findChromium(), args: launchArgs });
  const pictures = join(state, 'pictures');
  const secrets = new Map(); // value → what it is
  mkdirSync(pictures, { recursive: true });

  /** A page in a fresh profile, or in that of `beside`. */
  async function newPage(beside) {
    const context = beside?.context() ?? await browser.newContext({ locale: 'en-GB', reducedMotion: 'reduce', ...options });
    if (!beside) await context.addInitScript(launch);
    context.setDefaultTimeout(patience);
    const page = await context.newPage();
    page.on('request', (request) => {
      const url = new URL(request.url());
      for (const name of ['code', 'id_token_hint', 'access_token']) {
        if (url.searchParams.get(name)) secrets.set(url.searchParams.get(name), `${name} in an address`);
      }
    });
    return page;
  }
  return {
    newPage,
    secrets,
    /** Keeps Gatehouse's cookies as secrets; call it before they are gone. Other ports of localhost share the jar. */
    async rememberCookies(page, origin) {
      const cookies = await page.context().cookies(origin);
      for (const { name, value } of cookies) if (name.startsWith('gatehouse')) secrets.set(value, `cookie ${name}`);
    },
    /** What axe finds on a page, by WCAG 2.2 AA and its own good practice. */
    async violations(page) {
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
      return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`);
    },
    /** Runs the steps and leaves a picture if one fails. */
    async watched(name, page, steps) {
      try {
        return await steps(page);
      } catch (e) {
        const file = join(pictures, `${name.replaceAll(/\W+/g, '-')}.png`);
        await page.screenshot({ path: file }).catch(() => {});
        e.message += `\nat ${page.url()}, see ${file}`;
        throw e;
      }
    },
    close: () => browser.close(),
  };
}

/** Fills and sends the login form. */
export async function signIn(page, username, password) {
  await page.fill('input[name=username]', username);
  await page.fill('input[name=password]', password);
  await page.click('button[type=submit]');
}

/** Fails if a log of the stack holds something that was remembered. */
export function assertNoneIn(logs, secrets) {
  for (const [file, text] of logs) {
    for (const [secret, what] of secrets) assert.ok(!text.includes(secret), `${what} in ${file}`);
  }
}

/** Waits until the page's address begins so. */
export async function arrived(page, prefix) {
  await page.waitForURL((url) => url.href.startsWith(prefix));
  await page.waitForSelector('main.loading', { state: 'detached' }); // the UI's card, before there is anything in it
}
