// Passkeys and one-time codes where the pages are on another site than the API, behind nginx and Apache as shipped: no cookie of a third
// party is needed.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { chromium } from 'playwright-core';
import { findChromium, launchArgs } from '../../ui/tests/chromium.mjs';
import { addAuthenticator } from '../../ui/tests/e2e/authenticator.mjs';
import { arrived, signIn } from '../../ui/tests/e2e/browser.mjs';
import { freePorts } from '../../ui/tests/e2e/stack.mjs';
import { build, environment, project, startApi, startPostgres } from './api.mjs';
import { makeCertificates } from './certificates.mjs';
import { echoServer, uiFiles } from './upstreams.mjs';
import { missing, missingPrograms, startWebServer, webServers } from './web-servers.mjs';

const [uiHost, apiHost, hubHost] = ['ui.gatehouse.test', 'api.other.test', 'hub.gatehouse.test'];
const password = 'seven grey herons';

const noCodes = missingPrograms({ oathtool: 'oathtool' }) || false;

let top, gatehouse, postgres, browser;
before(async () => {
  top = mkdtempSync(join(tmpdir(), 'gatehouse-passkeys-'));
  chmodSync(top, 0o755);
  gatehouse = build(top);
  postgres = await startPostgres(top);
  // The names are the machine's own for the browser, and the authority of the test is believed.
  browser = await chromium.launch({ executablePath: await findChromium(),
    args: [...launchArgs, '--host-resolver-rules=MAP *.test 127.0.0.1', '--ignore-certificate-errors'] });
});
after(async () => {
  await browser?.close();
  await postgres?.stop();
  rmSync(top, { recursive: true, force: true });
});

for (const name of Object.keys(webServers)) {
  describe(name, { skip: missing(name) || false }, () => {
    let site;
    const running = [];

    before(async () => {
      const dir = join(top, name);
      mkdirSync(dir);
      const [httpPort, httpsPort, apiPort, hubPort] = await freePorts(4);
      site = { uiHost, apiHost, hubHost, certificates: makeCertificates(dir, [uiHost, apiHost, hubHost]), uiRoot: join(dir, 'ui'), httpPort,
        httpsPort, apiPort, hubPort, database: postgres.url, apiOrigin: `https://${apiHost}:${httpsPort}`,
        uiOrigin: `https://${uiHost}:${httpsPort}`, hubOrigin: `https://${hubHost}:${httpsPort}` };
      uiFiles(site.uiRoot, join(project, 'ui/dist'));
      running.push(await echoServer(hubPort), await startApi(site, gatehouse, name), await startWebServer(name, join(dir, name), site));
    });
    after(async () => { for (const one of running.reverse()) await one.stop(); });

    const addUser = (username) => execFileSync(gatehouse, ['user', 'add', username, '--password-stdin'],
      { env: environment(site), input: `${password}\n`, stdio: ['pipe', 'pipe', 'pipe'] });

    test('a passkey is made on the account page, and alone signs in', async () => {
      addUser(`carol-${name}`);
      const context = await browser.newContext({ locale: 'en-GB', ignoreHTTPSErrors: true });
      const page = await context.newPage();
      const device = await addAuthenticator(page);
      await device.setPresence(false);
      await page.goto(`${site.apiOrigin}/account`);
      await arrived(page, `${site.uiOrigin}/login`);
      await page.waitForSelector('button[name=passkey]');
      await signIn(page, `carol-${name}`, password);
      await arrived(page, `${site.uiOrigin}/account`);
      await device.setPresence(true);
      await page.click('button[name=add][value=passkey]');
      await page.waitForSelector('ol#recovery-codes > li');
      await page.click('form button[type=submit]');
      await page.waitForSelector('text=Your passkey is ready');
      const [{ rpId }] = await device.credentials();
      assert.equal(rpId, uiHost);
      await device.setPresence(false);
      await context.clearCookies();
      await page.goto(`${site.apiOrigin}/account`);
      await page.waitForSelector('button[name=passkey]');
      await device.setPresence(true);
      await page.click('button[name=passkey]');
      await arrived(page, `${site.uiOrigin}/account`);
      await context.close();
    });

    test('codes of an authenticator are set up there, and asked for after the password', { skip: noCodes }, async () => {
      const username = `dave-${name}`;
      addUser(username);
      const context = await browser.newContext({ locale: 'en-GB', ignoreHTTPSErrors: true });
      const page = await context.newPage();
      const toFactorOrAccount = async () => {
        await page.goto(`${site.apiOrigin}/account`);
        await arrived(page, `${site.uiOrigin}/login`);
        await page.waitForSelector('input[name=password]');
        await signIn(page, username, password);
      };
      await toFactorOrAccount();
      await arrived(page, `${site.uiOrigin}/account`);
      await page.click('button[name=add][value=totp]');
      await arrived(page, `${site.uiOrigin}/totp`);
      const secret = await page.textContent('#totp-secret');
      const code = (when) => execFileSync('oathtool', ['--totp', '-b', '--now', when, secret], { encoding: 'utf8' }).trim();
      await page.fill('input[name=code]', code('now'));
      await page.keyboard.press('Enter');
      await page.waitForSelector('ol#recovery-codes > li');
      const recovery = await page.textContent('ol#recovery-codes > li');
      await page.click('form button[type=submit]');
      await arrived(page, `${site.uiOrigin}/account`);
      for (const next of [() => code('30 seconds'), () => recovery]) {
        await context.clearCookies();
        await toFactorOrAccount();
        await arrived(page, `${site.uiOrigin}/factor`);
        await page.fill('input[name=code]', next());
        await page.keyboard.press('Enter');
        await arrived(page, `${site.uiOrigin}/account`);
      }
      await context.close();
    });
  });
}
