// Mail by Debian's Exim: a forgotten password in Chromium while a scanner opens and submits everything, and what servers do that are slow,
// refuse, come back later, or see the API killed.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { arrived, assertNoneIn, openBrowser, signIn } from '../../ui/tests/e2e/browser.mjs';
import { forget, freePorts, program, root, startStack } from '../../ui/tests/e2e/stack.mjs';
import { missingExim, startExim } from './exim.mjs';

const gatehouse = join(root, '.cache/bin/gatehouse');
const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });

/** Waits until something is so, and returns what it returned. */
async function until(what, is, seconds = 60) {
  for (const end = Date.now() + seconds * 1000; ;) {
    const found = await is();
    if (found) return found;
    if (Date.now() > end) throw new Error(`${what}: not after ${seconds} s`);
    await pause(100);
  }
}

/** Asks for a mail at an API as a browser does, without one; `from` keeps the cookie. */
async function ask(issuer, ui, username) {
  const jar = new Map();
  const go = async (address, fields) => {
    const answer = await fetch(address, {
      method: fields ? 'POST' : 'GET', redirect: 'manual', body: fields && new URLSearchParams(fields),
      headers: { origin: ui, cookie: [...jar].map((pair) => pair.join('=')).join('; ') },
    });
    for (const cookie of answer.headers.getSetCookie()) {
      const [name, value] = cookie.split(';')[0].split('=');
      jar.set(name, value);
    }
    assert.equal(answer.status, 303, `${address}: ${await answer.text()}`);
    return new URL(answer.headers.get('location')).searchParams.get('request');
  };
  const request = await go(`${issuer}/login`, { request: await go(`${issuer}/account`), forgot: 'yes' });
  await go(`${issuer}/forgot-password`, { request, username, language: 'en' });
}

describe('with Exim', { skip: missingExim() || false }, () => {
  describe('a forgotten password', () => {
    let exim, stack, browser;
    const password = 'eleven grey herons';
    before(async () => {
      const [port] = await freePorts(1);
      exim = await startExim(port);
      stack = await startStack('mail', { hub: false, env: {
        GATEHOUSE_SMTP_URL: `smtp://localhost:${port}`, GATEHOUSE_MAIL_FROM: 'Example University <no-reply@example.org>' } });
      browser = await openBrowser(stack.state);
      browser.secrets.set(password, 'a password');
      for (const name of ['ada', 'nobody', 'grey']) {
        await stack.gatehouse(['user', 'add', name, '--no-password', '--email', `${name}@example.org`, '--email-verified']);
      }
    });
    after(async () => {
      await browser?.close();
      await stack?.stop();
      await exim?.remove();
    });

    test('is set by the code of a mail, after a scanner has opened and submitted everything in it', async () => {
      const person = await browser.newPage();
      await browser.watched('forgot', person, async (page) => {
        await page.goto(`${stack.issuer}/account`);
        await page.click('button[name=forgot]');
        await arrived(page, `${stack.ui}/forgot-password`);
        await page.fill('input[name=username]', 'Ada@example.org');
        assert.deepEqual(await browser.violations(page), []);
        await page.click('button[type=submit]');
        await page.waitForSelector('input[name=code]');
        assert.deepEqual(await browser.violations(page), []);
      });
      const mail = await until('a mail to Ada', () => (
        exim.mails().find(({ to, text }) => to === 'ada@example.org' && text.includes('#reset-'))));
      const code = /^ {4}(\d{6})$/m.exec(mail.text)[1];
      const link = /http\S+#reset-\S+/.exec(mail.text)[0];
      browser.secrets.set(code, 'the code of a mail').set(new URL(link).hash.slice(1), 'the token of a mail');

      const scanner = await browser.newPage();
      await browser.watched('scanner', scanner, async (page) => {
        for (let times = 0; times < 2; times += 1) {
          await page.goto('about:blank');
          await page.goto(link);
          await page.waitForSelector('button[type=submit]');
          await page.evaluate(() => { for (const form of document.forms) form.requestSubmit(); });
          await page.waitForSelector('[role=alert]');
          assert.match(await page.innerText('main'), /Go back to the browser where you asked for it/);
          assert.deepEqual(await browser.violations(page), []);
        }
      });

      await browser.watched('code', person, async (page) => {
        await page.fill('input[name=code]', code);
        await page.click('form:has(input[name=code]) button[type=submit]');
        await arrived(page, `${stack.ui}/new-password`);
        await page.fill('input[name=new_password]', password);
        await page.click('button[type=submit]');
        await arrived(page, `${stack.ui}/login`);
        await page.waitForSelector('#done');
        await signIn(page, 'ada', password);
        await arrived(page, `${stack.ui}/account`);
      });
    });

    test('is set by the link, in the browser that asked and after a press', async () => {
      const person = await browser.newPage();
      await browser.watched('link', person, async (page) => {
        const former = exim.mails().map(({ id }) => id);
        await page.goto(`${stack.issuer}/account`);
        await page.click('button[name=forgot]');
        await arrived(page, `${stack.ui}/forgot-password`);
        await page.fill('input[name=username]', 'ada');
        await page.click('button[type=submit]');
        await page.waitForSelector('input[name=code]');
        const mail = await until('another mail', () => (
          exim.mails().find(({ id, text }) => text.includes('#reset-') && !former.includes(id))));
        const link = /http\S+#reset-\S+/.exec(mail.text)?.[0];
        const tab = await browser.newPage(page);
        await tab.goto(link);
        assert.equal(await tab.innerText('button[type=submit]'), 'Set a new password');
        await tab.click('button[type=submit]');
        await arrived(tab, `${stack.ui}/new-password`);
      });
    });

    test('a greylisted mail comes later, one that is refused never, and the administrator sees why', async () => {
      await ask(stack.issuer, stack.ui, 'grey');
      await ask(stack.issuer, stack.ui, 'nobody');
      const list = async () => JSON.parse(await stack.gatehouse(['mail', 'list', '--json']));
      const of = async (name) => (await list()).find(({ username }) => username === name);
      const refused = await until('a refusal', async () => { const m = await of('nobody'); return m?.state === 'given_up' && m; });
      assert.match(refused.last_error, /^recipient: 550 no such person here/);
      assert.equal(refused.attempts, 1);
      await until('the greylisted mail', () => exim.mails().some(({ to }) => to === 'grey@example.org'), 90);
      assert.equal((await until('its row', async () => { const m = await of('grey'); return m?.state === 'sent' && m; })).attempts, 2);
    });

    test('no log has a code, a token or a password', () => assertNoneIn(stack.logs(), browser.secrets));
  });

  describe('an API that is killed', () => {
    const state = join(root, '.cache/e2e/mail-killed');
    const people = Array.from({ length: 24 }, (_, i) => `p${i}`);
    let exim, postgres, env, api;
    const rows = async () => JSON.parse((await promisify(execFile)(gatehouse, ['mail', 'list', '--json'], { env })).stdout);
    const serve = async () => {
      api = await program(gatehouse, ['serve'], env, /"gatehouse"/);
      await until('the API', () => fetch(`${env.GATEHOUSE_ISSUER}/readyz`).then(({ ok }) => ok, () => false));
    };
    before(async () => {
      rmSync(state, { recursive: true, force: true });
      mkdirSync(join(state, 'migrations'), { recursive: true });
      const [smtp, port] = await freePorts(2);
      exim = await startExim(smtp);
      postgres = await program(join(root, '.cache/bin/dev'), ['--fresh', 'postgres'],
        { DATABASE_URL: '', DEV_STATE: join(state, 'database') }, /^postgres:.*\n/m);
      env = { ...process.env, DATABASE_URL: postgres.text().trim(), GATEHOUSE_ISSUER: `http://localhost:${port}`,
        GATEHOUSE_UI_ORIGIN: 'http://localhost:1', GATEHOUSE_LISTEN: `127.0.0.1:${port}`, GATEHOUSE_ENCRYPTION_KEY: '0f'.repeat(32),
        GATEHOUSE_SMTP_URL: `smtp://localhost:${smtp}`, GATEHOUSE_MAIL_FROM: 'no-reply@example.org' };
      const values = people.map((name) => `('${name}', '${name}@example.org', true)`);
      writeFileSync(join(state, 'migrations/00001_people.sql'),
        `-- +goose Up\nINSERT INTO users (username, email, email_verified) VALUES ${values.join(', ')};\n`);
      await promisify(execFile)(gatehouse, ['migrate', '--dir', join(state, 'migrations')], { env });
      await serve();
    });
    after(async () => {
      await api?.stop();
      await postgres?.stop();
      forget(join(state, 'database/postgres'));
      await exim?.remove();
    });

    test('loses nothing and sends nothing twice, with a server that is down, then slow', async () => {
      await exim.stop();
      for (const name of people) await ask(env.GATEHOUSE_ISSUER, env.GATEHOUSE_UI_ORIGIN, name);
      await until('an attempt', async () => (await rows()).some(({ last_error: why }) => /^connection: /.test(why ?? '')));
      exim.slow(true);
      await exim.start();
      await promisify(execFile)(gatehouse, ['mail', 'retry', '--all'], { env });
      await until('some mail', () => exim.mails().length >= 6);
      await api.stop('SIGKILL');
      const before = (await rows()).filter(({ state: is }) => is === 'sent').length;
      assert.ok(before < people.length, 'all was sent before it was killed');
      exim.slow(false);
      await serve();
      // What was under way has to wait for the end of its lease; but for what the server had but the last line of, at most as many as are
      // sent at once.
      const settled = await until('the rest', async () => {
        await promisify(execFile)(gatehouse, ['mail', 'retry', '--all'], { env });
        const list = await rows();
        return list.every((m) => m.state === 'sent' || m.handed_at) && list.filter((m) => m.state !== 'sent').length <= 4 && list;
      }, 120);
      const mails = exim.mails();
      const ids = mails.map(({ id }) => id);
      assert.equal(new Set(ids).size, ids.length, 'a mail was sent twice');
      assert.equal(new Set(mails.map(({ to }) => to)).size, mails.length, 'somebody got two');
      const uncertain = settled.filter((m) => m.state !== 'sent');
      const arrivedTo = new Set(mails.map(({ to }) => to));
      const missing = people.filter((name) => !arrivedTo.has(`${name}@example.org`) && !uncertain.some((m) => m.username === name));
      assert.deepEqual(missing, [], 'they got no mail, and no row says so');
    });
  });
});
