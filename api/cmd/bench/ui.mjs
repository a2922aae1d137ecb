// Loads the login page that the given address leads to, as a phone does that has nothing of it yet, and prints what that costs as
// JSON: medians of a few loads. The phone is Lighthouse's: a quarter of the processor, 1.6 Mbit/s, 150 ms there and back.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { findChromium, launchArgs } from '../../../ui/tests/chromium.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const network = { offline: false, latency: 150, downloadThroughput: 1.6e6 / 8, uploadThroughput: 0.75e6 / 8 };
const home = mkdtempSync(join(tmpdir(), 'bench-'));
const executablePath = await findChromium();
const browser = await chromium.launch({ executablePath, args: launchArgs, env: { ...process.env, HOME: home } });
try {
  const loads = [];
  for (let i = 0; i < 5; i += 1) loads.push(await load(process.argv[2]));
  const median = (name) => loads.map((one) => one[name]).sort((a, b) => a - b)[2];
  console.log(JSON.stringify(Object.fromEntries(Object.keys(loads[0]).map((name) => [name, median(name)]))));
} finally {
  await browser.close();
  rmSync(home, { recursive: true, force: true });
}

/**
 * One load with nothing in the cache. Times are in ms from when the browser asked for the page, after the API sent it there.
 * Nothing is asked of the page before it is done: what Playwright's locators bring along would be some 400 ms of such a
 * processor.
 */
async function load(address) {
  // bypassCSP lets axe in.
  const viewport = { width: 360, height: 640 };
  const context = await browser.newContext({ viewport, isMobile: true, hasTouch: true, bypassCSP: true });
  const page = await context.newPage();
  const { requests, throttle } = await listen(page, context);
  await page.addInitScript(() => {
    const seen = { form: 0, contents: 0, busyUntil: 0, blocked: 0, shifted: 0 };
    window.seen = seen;
    const watch = (type, note) => {
      new PerformanceObserver((list) => list.getEntries().forEach(note)).observe({ type, buffered: true });
    };
    watch('largest-contentful-paint', (entry) => { seen.contents = entry.startTime; });
    watch('layout-shift', (entry) => { seen.shifted += entry.value; });
    watch('longtask', (entry) => {
      seen.blocked += entry.duration - 50; // of each task, what is above 50 ms
      seen.busyUntil = entry.startTime + entry.duration;
    });
    new MutationObserver((_, observer) => {
      if (!document.querySelector('input[name=password]')) return;
      observer.disconnect();
      seen.form = performance.now();
    }).observe(document, { childList: true, subtree: true });
  });
  await page.goto(address, { waitUntil: 'networkidle' });
  await page.waitForTimeout(1000); // for what the page does afterwards
  await throttle(1);
  const asked = await page.evaluate(() => performance.getEntriesByType('navigation')[0].fetchStart);
  const icon = await page.evaluate(() => document.querySelector('link[rel=icon]').href);
  const { form, contents, busyUntil, blocked, shifted } = await page.evaluate(() => window.seen);
  const loaded = [...requests.values()].filter(({ done }) => done);
  const html = loaded.find(({ url }) => url === page.url());
  await page.addScriptTag({ content: axe });
  const { violations } = await page.evaluate(() => window.axe.run());
  await context.close();
  return {
    bytes: loaded.reduce((sum, { bytes }) => sum + bytes, 0),
    trips: tripsAfter(html, loaded.filter(({ url }) => url !== icon)),
    interactive: Math.max(form, contents, busyUntil) - asked,
    contents: contents - asked,
    blocked,
    shifted,
    complaints: violations.length,
  };
}

/** Notes the requests of a page, with what came over the wire for each; a redirect is one with what it leads to. */
async function listen(page, context) {
  const requests = new Map();
  const devtools = await context.newCDPSession(page);
  const throttle = (rate) => devtools.send('Emulation.setCPUThrottlingRate', { rate });
  devtools.on('Network.requestWillBeSent', ({ requestId, request: { url }, timestamp }) => {
    if (url.startsWith('http')) requests.set(requestId, { url, sent: timestamp });
  });
  devtools.on('Network.responseReceived', ({ requestId, response: { timing } }) => {
    if (timing) Object.assign(requests.get(requestId) ?? {}, { received: timing.requestTime + timing.receiveHeadersEnd / 1000 });
  });
  devtools.on('Network.loadingFinished', ({ requestId, encodedDataLength, timestamp }) =>
    Object.assign(requests.get(requestId) ?? {}, { bytes: encodedDataLength, done: timestamp }));
  await devtools.send('Network.enable');
  await devtools.send('Network.emulateNetworkConditions', network);
  await throttle(4);
  return { requests, throttle };
}

/**
 * A request that is sent when one before it has been answered may have waited for it: a round trip more. What the header of the
 * HTML or its first lines ask for counts as after it, too; the tab's icon, which the browser asks for by itself in the end, does
 * not.
 */
function tripsAfter(html, loaded) {
  for (let trips = 0, since = html.received; ; trips += 1) {
    const later = loaded.filter(({ sent }) => sent >= since);
    if (later.length === 0) return trips;
    since = Math.min(...later.map(({ done }) => done));
  }
}
