// sign-in.mjs HUB USERNAME PASSWORD: signs somebody in at a Hub with a browser and waits for their JupyterLab; every name leads to this
// machine. Prints the addresses that it came by.
import { chromium } from 'playwright-core';
import { findChromium, launchArgs } from '../../../ui/tests/chromium.mjs';

const [hub, username, password] = process.argv.slice(2);
const args = [...launchArgs, '--host-resolver-rules=MAP * 127.0.0.1'];
const browser = await chromium.launch({ executablePath: await findChromium(), args });
const page = await browser.newPage({ ignoreHTTPSErrors: true });
page.setDefaultTimeout(120_000);
const came = [];
page.on('framenavigated', (frame) => { if (frame === page.mainFrame()) came.push(new URL(frame.url()).origin); });
try {
  await page.goto(hub);
  await page.click('a:has-text("Sign in")');
  await page.fill('input[name=username]', username);
  await page.fill('input[name=password]', password);
  await page.click('button[type=submit]');
  await page.waitForURL(`${hub}/user/${username}/lab**`);
  await page.waitForSelector('#jp-main-dock-panel, .jp-Launcher');
  console.log(came.join('\n'));
} catch (e) {
  console.error(`${e.message}\nat ${page.url()}: ${(await page.textContent('body').catch(() => '')).slice(0, 2000)}`);
  process.exitCode = 1;
} finally {
  await browser.close();
}
