// Sign-up with approval, by Debian's Exim and in Chromium: on a phone in the dark the person, on a desk in the light who says yes, and a
// scanner that opens and submits everything in the mail.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { newAdminPage } from '../../ui/tests/e2e/admin.mjs';
import { arrived, assertNoneIn, openBrowser, signIn } from '../../ui/tests/e2e/browser.mjs';
import { freePorts, startStack } from '../../ui/tests/e2e/stack.mjs';
import { missingExim, startExim } from './exim.mjs';

async function until(what, is, seconds = 150) {
  for (const end = Date.now() + seconds * 1000; ;) {
    const found = await is();
    if (found) return found;
    if (Date.now() > end) throw new Error(`${what}: not after ${seconds} s`);
    await new Promise((done) => { setTimeout(done, 200); });
  }
}

describe('sign-up with approval', { skip: missingExim() || false }, () => {
  let exim, stack, phone, desk, person;
  const password = 'twelve grey herons';
  const complaints = [];
  const picture = (page, name) => page.screenshot({ path: join(stack.state, 'pictures', `${name}.png`), fullPage: true });
  const fits = (page) => page.evaluate(() => document.documentElement.scrollWidth);
  before(async () => {
    const [port] = await freePorts(1);
    exim = await startExim(port);
    stack = await startStack('sign-up', { hub: false, env: {
      GATEHOUSE_SMTP_URL: `smtp://localhost:${port}`, GATEHOUSE_MAIL_FROM: 'Example University <no-reply@example.org>' } });
    phone = await openBrowser(stack.state, { viewport: { width: 360, height: 740 }, colorScheme: 'dark' });
    desk = await openBrowser(stack.state, { viewport: { width: 1280, height: 800 }, colorScheme: 'light' });
    phone.secrets.set(password, 'a password');
    await stack.gatehouse(['user', 'set', 'admin', '--email', 'admin@example.org', '--email-verified']);
    await stack.gatehouse(['group', 'add', 'physics101']);
    await stack.gatehouse(['sign-up', 'domain', 'add', '*', '--approval', '--group', 'physics101']);
    person = await phone.newPage();
  });
  after(async () => {
    await phone?.close();
    await desk?.close();
    await stack?.stop();
    await exim?.remove();
  });

  test('somebody asks on a phone', () => phone.watched('ask', person, async (page) => {
    await page.goto(`${stack.issuer}/account`);
    await page.waitForSelector('button[name=sign_up]');
    await picture(page, 'login-360-dark');
    await page.click('button[name=sign_up]');
    await arrived(page, `${stack.ui}/sign-up`);
    await page.fill('input[name=email]', 'ada@example.org');
    await page.fill('input[name=name]', 'Ada Lovelace');
    await page.fill('input[name=reason]', 'For <b>physics</b> 101');
    assert.equal(await fits(page), 360);
    assert.deepEqual(await phone.violations(page), []);
    await picture(page, 'sign-up-360-dark');
    await page.click('button[type=submit]');
    await page.getByText('Look into your mail').waitFor();
    assert.deepEqual(await phone.violations(page), []);
    await picture(page, 'sign-up-sent-360-dark');
  }));

  test('those who may say yes are told, and do on a page', async () => {
    const mail = await until('a mail to the administrator', () => exim.mails().find(({ to }) => to === 'admin@example.org'));
    const link = /http\S+\/admin\/sign-ups/.exec(mail.text)[0];
    assert.ok(!mail.text.includes('Lovelace'), 'what somebody typed is in the mail');
    const admin = await newAdminPage(desk, complaints);
    await desk.watched('approve', admin, async (page) => {
      await page.goto(link);
      await signIn(page, 'admin', 'demo passphrase');
      await page.getByRole('heading', { level: 1 }).waitFor();
      await page.goto(link);
      const one = page.locator('main li', { hasText: 'ada@example.org' });
      await one.waitFor();
      assert.match(await one.innerText(), /Ada Lovelace[^]*For <b>physics<\/b> 101[^]*physics101/);
      assert.deepEqual(await desk.violations(page), []);
      await picture(page, 'sign-ups-1280-light');
      await page.setViewportSize({ width: 360, height: 740 });
      assert.equal(await fits(page), 360);
      await picture(page, 'sign-ups-360-light');
      await page.setViewportSize({ width: 1280, height: 800 });
      await one.getByRole('button', { name: /^Approve/ }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByText('becomes a member of: physics101').waitFor();
      assert.deepEqual(await desk.violations(page), []);
      await picture(page, 'approve-1280-light');
      await dialog.getByRole('button', { name: 'Approve' }).click();
      await page.getByText('Nobody waits.').waitFor();
    });
    assert.deepEqual(complaints, []);
  });

  test('a scanner that opens and submits everything in the mail does not get the account', async () => {
    const mail = await until('the invitation', () => exim.mails().find(({ to }) => to === 'ada@example.org'));
    const code = /^ {4}(\d{6})$/m.exec(mail.text)[1];
    const link = /http\S+\/link#\S+/.exec(mail.text)[0];
    phone.secrets.set(code, 'the code of a mail').set(new URL(link).hash.slice(1), 'the token of a mail');
    const scanner = await phone.newPage();
    await phone.watched('scanner', scanner, async (page) => {
      for (const filled of ['', 'test', 'a@b.example']) {
        await page.goto('about:blank');
        await page.goto(link);
        await page.waitForSelector('input[name=code]');
        assert.equal(await page.locator('input[name=username]').count(), 0);
        await page.evaluate((text) => {
          for (const form of document.forms) {
            for (const input of form.querySelectorAll('input:not([type=hidden])')) Object.assign(input, { value: text, required: false });
            form.requestSubmit();
          }
        }, filled);
        await page.waitForSelector('[role=alert]');
      }
      assert.equal(await fits(page), 360);
      await picture(page, 'code-360-dark');
    });
    // In the browser that asked the link is enough.
    await phone.watched('accept', person, async (page) => {
      await page.goto('about:blank');
      await page.goto(link);
      await arrived(page, `${stack.ui}/accept-invitation`);
      assert.equal(await page.inputValue('input[name=name]'), 'Ada Lovelace');
      await page.fill('input[name=username]', 'ada');
      await picture(page, 'accept-360-dark');
      await page.click('form:has(input[name=username]) button[type=submit]');
      await arrived(page, `${stack.ui}/new-password`);
      await page.fill('input[name=new_password]', password);
      await page.click('form:has(input[name=new_password]) button[type=submit]');
      await arrived(page, `${stack.ui}/account`);
    });
    const ada = JSON.parse(await stack.gatehouse(['user', 'show', 'ada', '--json']));
    assert.equal(ada.email_verified, true);
    assert.deepEqual(ada.groups, ['physics101']);
    assertNoneIn(stack.logs(), phone.secrets);
  });
});
