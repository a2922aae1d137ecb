// The built pages in a real Chromium, under the headers they are served with, before an API that answers what a test tells it.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, beforeEach } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { findChromium } from '../chromium.mjs';
import { answers } from './answers.mjs';
import { startAPI, startGatehouseUI, startUI } from './servers.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
export const shots = join(dirname(fileURLToPath(import.meta.url)), '../../../.cache/screenshots');
export const sizes = { phone: { width: 320, height: 640 }, desktop: { width: 1280, height: 800 } };

export let api, ui;
let browser, home;

before(async () => {
  api = await startAPI();
  ui = process.env.GATEHOUSE_BIN ? await startGatehouseUI(api, process.env.GATEHOUSE_BIN) : await startUI(api);
  for (const [name, answer] of Object.entries(answers(api.origin))) api.answers.set(name, answer);
  home = mkdtempSync(join(tmpdir(), 'pages-'));
  mkdirSync(shots, { recursive: true });
  browser = await chromium.launch({
    executablePath: await findChromium(),
    env: { ...process.env, HOME: home },
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync'],
  });
});

after(async () => {
  await browser?.close();
  await ui?.close();
  await api?.close();
  if (home) rmSync(home, { recursive: true, force: true });
});

beforeEach(() => Object.assign(api, { posts: [], stay: false }));

/** Of the client that has one: wide and without a ground, as many are. */
const logo = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 200"><circle cx="110" cy="100" r="90" fill="#f37726"/>'
  + '<path d="M150 30h130L210 180z" fill="#1d2b45"/></svg>';

export async function newContext(options) {
  const context = await browser.newContext({ locale: 'en-GB', viewport: sizes.desktop, reducedMotion: 'reduce', ...options });
  context.askedElsewhere = [];
  await context.route('https://viewer.example.org/**', (route) => {
    context.askedElsewhere.push([route.request().url(), route.request().headers().referer]);
    if (!route.request().url().endsWith('/logo.svg')) return route.fulfill({ status: 404, contentType: 'text/html', body: 'Not here' });
    return route.fulfill({ contentType: 'image/svg+xml', body: logo });
  });
  return context;
}

/** A tab in a browser of its own, which notes whatever the browser complains about. */
export async function newTab(options) {
  const page = await (await newContext(options)).newPage();
  page.setDefaultTimeout(10_000);
  page.complaints = [];
  page.on('pageerror', (error) => page.complaints.push(error.message));
  page.on('console', (message) => {
    // That the API answered 4xx or 5xx is part of what is tested.
    if (['error', 'warning'].includes(message.type()) && !/status of [45]\d\d/.test(message.text())) page.complaints.push(message.text());
  });
  return page;
}

/** Has a tab go to a page as the API would send the browser to it, or to a path of the UI. */
export async function visit(page, name, { at = ui } = {}) {
  await page.goto(at.origin + (name.startsWith('/') ? name : `/login?request=${name}`));
  await page.waitForSelector('h1');
}

/** Opens a page in a browser of its own. */
export async function open(name, { at, ...options } = {}) {
  const page = await newTab(options);
  await visit(page, name, { at });
  return page;
}

/** A tab to inspect many pages with, one after the other: to open a browser for each, and to send it axe, takes longer than to look. */
export async function newInspection() {
  const page = await newTab();
  await page.addInitScript(axe); // before the policy applies
  return page;
}

/** Fails the test on the complaints. */
export function complains(page) { assert.deepEqual(page.complaints.splice(0), []); }

/** Closes it, and fails the test on the complaints. */
export async function close(page) {
  complains(page);
  await page.context().close();
}

/**
 * At every size in both schemes: nothing that is too wide, nothing that axe finds (WCAG 2.2 AA, its good practice), and a screenshot, but
 * not in CI, where nobody looks at it.
 */
export async function inspect(page, name, { viewports = sizes } = {}) {
  if (!await page.evaluate(() => 'axe' in globalThis)) await page.evaluate(axe); // through the debugger, which the policy does not concern
  for (const [size, viewport] of Object.entries(viewports)) {
    for (const colorScheme of ['light', 'dark']) {
      await page.setViewportSize(viewport);
      await page.emulateMedia({ colorScheme });
      if (!process.env.CI) await page.screenshot({ path: join(shots, `${name}-${size}-${colorScheme}.png`), fullPage: true });
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.equal(width, viewport.width, `${size}: something is wider than the screen`);
      assert.deepEqual(await found(page, colorScheme === 'light' ? all : ofColors), [], `${size} ${colorScheme}`);
    }
  }
}

const all = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const ofColors = ['color-contrast', 'link-in-text-block']; // all that the schemes differ in

async function found(page, runOnly) {
  const { violations } = await page.evaluate((options) => globalThis.axe.run(document, options), { runOnly, resultTypes: ['violations'] });
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`);
}

/** What has the focus, in a word. */
export const focused = (page) => page.evaluate(() => {
  const { tagName, id, name, value, ariaLabel } = document.activeElement;
  return tagName === 'BUTTON' ? ariaLabel || [name, value].filter(Boolean).join('=') || 'button' : id || tagName.toLowerCase();
});

/** The path and body of the one form that the act submits on the page: a native post to the API, from the UI's origin. */
export async function posted(name, act) {
  const page = await open(name);
  await act(page);
  await page.waitForURL(`${api.origin}/**`);
  await close(page);
  assert.equal(api.posts.length, 1);
  const [post] = api.posts.splice(0);
  // Referrer-Policy no-referrer would make this `null`, which the API refuses.
  assert.equal(post.origin, ui.origin);
  return `${post.path} ${post.body}`;
}
