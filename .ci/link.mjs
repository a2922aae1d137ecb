// Signs alice in at her account page through the upstream named google, once, with her password here to connect the two.
import { mkdirSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { launchArgs } from '../ui/tests/chromium.mjs';

const { ISSUER, UI_ORIGIN, CHROMIUM, KIT_LOGS } = process.env;
const browser = await chromium.launch({ executablePath: CHROMIUM, args: launchArgs });
const page = await browser.newPage();
page.setDefaultTimeout(60_000);
const signIn = async () => {
  await page.fill('input[name=username]', 'alice');
  await page.fill('input[name=password]', 'correct horse battery staple');
  await page.click('button[type=submit]');
};
try {
  await page.goto(`${ISSUER}/account`);
  await page.click('button[name=upstream][value=google]');
  await page.waitForURL((url) => url.origin !== UI_ORIGIN && url.origin !== ISSUER);
  await signIn();
  await page.click('button[name=consent][value=yes]');
  await page.waitForURL(`${UI_ORIGIN}/login**`);
  await signIn();
  await page.click('button[name=consent][value=yes]'); // the tokens come from a sign-in after the two are connected
  await page.waitForURL(`${UI_ORIGIN}/account**`);
  console.log('alice is linked to google');
} catch (e) {
  mkdirSync(KIT_LOGS, { recursive: true });
  await page.screenshot({ path: `${KIT_LOGS}/link.png` });
  throw new Error(`alice could not be linked to google, at ${page.url()}: ${e.message}`);
} finally {
  await browser.close();
}
