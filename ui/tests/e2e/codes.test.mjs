// One-time codes from a real authenticator, Debian's oathtool, and recovery codes, in a real Chromium: from setting them up to losing them.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { missingPrograms } from '../../../deploy/tests/web-servers.mjs';
import { arrived, assertNoneIn, openBrowser, signIn } from './browser.mjs';
import { startStack } from './stack.mjs';

const password = 'seven grey herons';
const reason = missingPrograms({ oathtool: 'oathtool', zbarimg: 'zbar-tools' });

describe('one-time codes', { skip: reason || false }, () => {
  let stack, browser, carol, secret, recovery;
  before(async () => {
    stack = await startStack('codes', { hub: false });
    browser = await openBrowser(stack.state);
    browser.secrets.set(password, 'a password');
    await stack.gatehouse(['user', 'add', 'carol', '--password-stdin'], `${password}\n`);
    await stack.gatehouse(['group', 'add', 'staff']);
    carol = await browser.newPage();
  });
  after(async () => {
    await browser?.close();
    await stack?.stop();
  });

  const accessible = async (page) => assert.deepEqual(await browser.violations(page), []);
  const picture = async (page, name) => {
    const file = join(stack.state, 'pictures', `${name}.png`);
    await page.screenshot({ path: file, fullPage: true });
    return file;
  };
  /** The code that an app shows, or will in half a minute. */
  const codeOf = (key, when = 'now') => execFileSync('oathtool', ['--totp', '-b', '--now', when, key], { encoding: 'utf8' }).trim();
  const next = () => codeOf(secret, new Date(Date.now() + 30_000).toISOString().replace('T', ' ').replace(/\..*/, ' UTC'));
  const asks = async (page) => {
    await page.goto(`${stack.issuer}/account`);
    await arrived(page, `${stack.ui}/login`);
    await page.waitForSelector('input[name=username]');
    await signIn(page, 'carol', password);
  };
  const keep = async (page) => {
    const codes = await page.locator('ol#recovery-codes > li').allInnerTexts();
    assert.equal(codes.length, 10);
    for (const code of codes) browser.secrets.set(code, 'a recovery code');
    return codes;
  };

  test('are set up from the QR code, and end with ten recovery codes', () => browser.watched('set-up', carol, async (page) => {
    await asks(page);
    await arrived(page, `${stack.ui}/account`);
    await page.click('button[name=add][value=totp]');
    await arrived(page, `${stack.ui}/totp`);
    secret = await page.innerText('#totp-secret').then((text) => text.replace(/\s/g, ''));
    browser.secrets.set(secret, 'the secret of one-time codes');
    for (const colorScheme of ['dark', 'light']) {
      await page.emulateMedia({ colorScheme });
      await accessible(page);
      const read = execFileSync('zbarimg', ['-q', '--raw', await picture(page, `qr-${colorScheme}`)], { encoding: 'utf8', stdio: 'pipe' });
      assert.equal(new URL(read.trim()).searchParams.get('secret'), secret);
    }
    await page.fill('input[name=code]', codeOf(secret, '5 minutes ago'));
    await page.keyboard.press('Enter');
    await page.waitForSelector('[role=alert]');
    assert.match(await page.innerText('[role=alert]'), /clock/);
    await accessible(page);
    await page.fill('input[name=code]', codeOf(secret));
    await page.keyboard.press('Enter');
    await arrived(page, `${stack.ui}/recovery-codes`);
    recovery = await keep(page);
    await accessible(page);
    await page.reload();
    await page.waitForSelector('text=They were shown once.');
    await page.click('main button[type=submit]');
    await arrived(page, `${stack.ui}/account`);
    await page.waitForSelector('text=One-time codes are set up.');
    await accessible(page);
  }));

  test('are asked for after the password, with the keyboard alone', async () => {
    const page = await browser.newPage();
    await browser.watched('sign-in', page, async () => {
      await asks(page);
      await arrived(page, `${stack.ui}/factor`);
      await page.waitForSelector('input[name=code]');
      await accessible(page);
      await page.keyboard.type('000 000');
      await page.keyboard.press('Enter');
      await page.waitForSelector('[role=alert]');
      await accessible(page);
      await picture(page, 'wrong');
      await page.keyboard.type(next().replace(/^.../, '$& '));
      await page.keyboard.press('Enter');
      await arrived(page, `${stack.ui}/account`);
    });
    await page.context().close();
  });

  test('a recovery code stands for a phone that is lost, once', async () => {
    for (const right of [true, false]) {
      const page = await browser.newPage();
      await browser.watched('recovery', page, async () => {
        await asks(page);
        await arrived(page, `${stack.ui}/factor`);
        await page.click('button[name=method][value=recovery_code]');
        await page.waitForSelector('text=One of those you printed');
        await accessible(page);
        await page.fill('input[name=code]', recovery[4].toUpperCase().replace('-', ' '));
        await page.keyboard.press('Enter');
        if (right) {
          await arrived(page, `${stack.ui}/account`);
          await page.waitForSelector('text=Left: 9');
        } else {
          await page.waitForSelector('text=or you have used it');
        }
      });
      await page.context().close();
    }
  });

  test('new ones replace those, and what is removed is gone', () => browser.watched('remove', carol, async (page) => {
    await page.goto(`${stack.issuer}/account`);
    await page.click('summary:has-text("Make new ones")');
    await page.click('button[name=recovery_codes]');
    await arrived(page, `${stack.ui}/recovery-codes`);
    assert.ok(!(await keep(page)).includes(recovery[0]));
    await page.click('main button[type=submit]');
    await arrived(page, `${stack.ui}/account`);
    await page.click('section[aria-labelledby=codes] summary:has-text("Remove")');
    await accessible(page);
    await page.click('button[name=remove][value=totp]');
    await page.waitForSelector('text=One-time codes are removed.');
    assert.match(await stack.gatehouse(['user', 'factors', 'carol']), /^one-time codes: none\npasskeys: 0\nrecovery codes left: 0\n$/);
  }));

  test('who has to have them sets them up on the way, and an administrator helps who has lost all', async () => {
    await stack.gatehouse(['group', 'add-member', 'staff', 'carol']);
    await stack.sql("UPDATE groups SET mfa = true WHERE name = 'staff';");
    const page = await browser.newPage();
    await browser.watched('policy', page, async () => {
      await asks(page);
      await arrived(page, `${stack.ui}/add-factor`);
      await page.waitForSelector('text=everybody in this group: staff.');
      await accessible(page);
      await picture(page, 'add-factor');
      await page.click('button[name=add][value=totp]');
      await arrived(page, `${stack.ui}/totp`);
      const key = (await page.innerText('#totp-secret')).replace(/\s/g, '');
      browser.secrets.set(key, 'the secret of one-time codes');
      await page.fill('input[name=code]', codeOf(key));
      await page.keyboard.press('Enter');
      await arrived(page, `${stack.ui}/recovery-codes`);
      await keep(page);
      await page.click('main button[type=submit]');
      await arrived(page, `${stack.ui}/account`);
      await page.click('section[aria-labelledby=codes] summary:has-text("Remove")');
      await page.click('button[name=remove][value=totp]');
      await page.waitForSelector('text=You cannot remove them');
      await accessible(page);

      const link = (await stack.gatehouse(['user', 'reset-factors', 'carol'])).trim();
      assert.ok(link.startsWith(`${stack.ui}/link#`), link);
      browser.secrets.set(new URL(link).hash.slice(1), 'the token of a link');
      assert.equal(JSON.parse(await stack.gatehouse(['user', 'factors', 'carol', '--json'])).recovery_codes, 0);
      await asks(page); // signed out there
      await arrived(page, `${stack.ui}/add-factor`);
    });
    await page.context().close();
  });

  test('no log has a code, a secret or a password', () => assertNoneIn(stack.logs(), browser.secrets));
});
