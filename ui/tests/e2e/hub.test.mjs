// The main job: JupyterHub with GenericOAuthenticator, through the real API and the real pages.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { missingPrograms } from '../../../deploy/tests/web-servers.mjs';
import { arrived, assertNoneIn, openBrowser, signIn } from './browser.mjs';
import { processesOf, startStack } from './stack.mjs';

let stack, browser, alice;
const typed = 'a wrong password, never to be logged';

before(async () => {
  stack = await startStack('hub');
  browser = await openBrowser(stack.state);
  alice = await browser.newPage();
});
after(async () => {
  await browser?.close();
  await stack?.stop();
});

/** Presses the Hub's sign-in button and waits for the login page. */
async function toLoginPage(page) {
  await page.goto(`${stack.hub}/hub/login`);
  await page.click('text=Sign in with Gatehouse');
  await arrived(page, `${stack.ui}/login`);
  await page.waitForSelector('input[name=username]');
}
const landsAtHome = (page, username) => arrived(page, `${stack.hub}/user/${username}/lab`);
const opensAdmin = async (page) => (await page.goto(`${stack.hub}/hub/admin`)).status();
const hubGroups = (page) => page.evaluate(async () => {
  const answer = await fetch(`/hub/api/user?_xsrf=${globalThis.jhdata.xsrf_token}`);
  return (await answer.json()).groups;
});

test('a wrong password is announced and keeps the username', () => browser.watched('wrong', alice, async (page) => {
  await toLoginPage(page);
  assert.match(await page.innerText('h1'), /JupyterHub/);
  await signIn(page, 'alice', typed);
  await page.waitForSelector('[role=alert]');
  assert.ok(page.url().startsWith(`${stack.ui}/login`));
  assert.equal(await page.inputValue('input[name=username]'), 'alice');
  assert.equal(await page.inputValue('input[name=password]'), '');
}));

test('the right password opens JupyterLab at /user/alice/lab', () => browser.watched('lab', alice, async (page) => {
  await signIn(page, 'alice', 'demo passphrase');
  await landsAtHome(page, 'alice');
  await page.waitForSelector('.jp-LauncherCard');
  await browser.rememberCookies(page, stack.issuer);
}));

test('a member of hub-admins administers the Hub', () => browser.watched('admin', alice, async (page) => {
  assert.equal(await opensAdmin(page), 200);
}));

test('after a logout of the Hub alone the next login needs no password', () => browser.watched('sso', alice, async (page) => {
  await page.goto(`${stack.hub}/hub/logout`);
  await arrived(page, `${stack.ui}/logout`);
  await page.click('button[name=logout][value=no]');
  await page.goto(`${stack.hub}/hub/home`);
  await arrived(page, `${stack.hub}/hub/login`);
  await page.click('text=Sign in with Gatehouse');
  await page.waitForURL((url) => url.origin === stack.hub && !/login|oauth/.test(url.pathname));
  assert.doesNotMatch(page.url(), new RegExp(`^${stack.ui}`));
}));

test('after a logout everywhere it needs one', () => browser.watched('logout', alice, async (page) => {
  await page.goto(`${stack.hub}/hub/logout`);
  await arrived(page, `${stack.ui}/logout`);
  await page.click('button[name=logout][value=yes]');
  await arrived(page, `${stack.hub}/hub/login`);
  await toLoginPage(page);
}));

test('users added with SQL alone sign in, whichever way their password was hashed, and administer nothing', async () => {
  // The PHC string is of the password "password" (argon2's own example); the other is made by the database.
  await stack.sql(`
    INSERT INTO users (username, password, name) VALUES
      ('by-sql', password_hash('made by pgcrypto'), 'Added by SQL'),
      ('by-phc', '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc', NULL);
    INSERT INTO groups (name) VALUES ('astronomy');
    INSERT INTO group_members (username, group_name) VALUES ('by-sql', 'astronomy');`);
  for (const [username, password, groups] of [['by-sql', 'made by pgcrypto', ['astronomy']], ['by-phc', 'password', []]]) {
    const page = await browser.newPage();
    await browser.watched(username, page, async () => {
      await toLoginPage(page);
      await signIn(page, username, password);
      await landsAtHome(page, username);
      await page.goto(`${stack.hub}/hub/home`);
      assert.deepEqual(await hubGroups(page), groups);
      assert.equal(await opensAdmin(page), 403);
    });
    await page.context().close();
  }
});

test('joining hub-admins makes an administrator at the next login', async () => {
  await stack.sql(`INSERT INTO group_members (username, group_name) VALUES ('by-phc', 'hub-admins');`);
  const page = await browser.newPage();
  await browser.watched('joined', page, async () => {
    await toLoginPage(page);
    await signIn(page, 'by-phc', 'password');
    await landsAtHome(page, 'by-phc');
    assert.equal(await opensAdmin(page), 200);
  });
  await page.context().close();
});

test('a user who is disabled is out at the next sign-in', async () => {
  await stack.sql(`UPDATE users SET disabled_at = now() WHERE username = 'by-sql';`);
  const page = await browser.newPage();
  await browser.watched('disabled', page, async () => {
    await toLoginPage(page);
    await signIn(page, 'by-sql', 'made by pgcrypto');
    await page.waitForSelector('[role=alert]');
    assert.match(await page.innerText('[role=alert]'), /disabled/);
  });
  await page.context().close();
});

const noCodes = missingPrograms({ oathtool: 'oathtool' }) || false;
test('a Hub whose administrators have to prove two factors asks them alone', { skip: noCodes }, async () => {
  await stack.gatehouse(['group', 'set', 'hub-admins', '--mfa']);
  await stack.gatehouse(['user', 'add', 'plain', '--password-stdin'], 'no administrator at all\n');
  const page = await browser.newPage();
  await browser.watched('plain', page, async () => {
    await toLoginPage(page);
    await signIn(page, 'plain', 'no administrator at all');
    await landsAtHome(page, 'plain');
  });
  await page.context().close();
  const code = (secret) => execFileSync('oathtool', ['--totp', '-b', secret], { encoding: 'utf8' }).trim();
  let secret;
  for (const first of [true, false]) {
    const admin = await browser.newPage();
    await browser.watched(`factor-${first}`, admin, async () => {
      await toLoginPage(admin);
      await signIn(admin, 'by-phc', 'password');
      if (first) {
        await arrived(admin, `${stack.ui}/add-factor`);
        await admin.click('button[name=add][value=totp]');
        await arrived(admin, `${stack.ui}/totp`);
        secret = await admin.textContent('#totp-secret');
        browser.secrets.set(secret, 'the secret of one-time codes');
      } else {
        await arrived(admin, `${stack.ui}/factor`);
        await admin.waitForSelector('input[name=code]');
        await stack.sql(`UPDATE totp_secrets SET last_step = 0;`); // as if the half minute were over
      }
      await admin.fill('input[name=code]', code(secret));
      await admin.keyboard.press('Enter');
      if (first) {
        await admin.waitForSelector('ol#recovery-codes > li');
        await admin.click('main button[type=submit]');
      }
      await landsAtHome(admin, 'by-phc');
      assert.equal(await opensAdmin(admin), 200);
    });
    await admin.context().close();
  }
});

test('Ctrl-C stops everything, the servers of the users too, and the logs hold no secret', async () => {
  assert.ok(processesOf(stack.state).length > 5);
  assert.equal(await stack.stop('SIGINT'), 0);
  assert.deepEqual(processesOf(stack.state), []);

  const { secrets } = browser;
  secrets.set(typed, 'wrong password').set('made by pgcrypto', 'password');
  const config = readFileSync(join(stack.state, 'dev/jupyterhub/jupyterhub_config.py'), 'utf8');
  secrets.set(config.match(/client_secret = "(.+)"/)[1], 'client secret');
  secrets.set(config.match(/CryptKeeper.keys = \["(.+)"\]/)[1], 'key of the Hub');
  secrets.set(readFileSync(join(stack.state, 'dev/encryption_key'), 'utf8').trim(), 'encryption key');
  assert.ok([...secrets.values()].includes('code in an address'), 'no code was seen');
  assert.ok([...secrets.values()].some((what) => what.startsWith('cookie')), 'no cookie was seen');
  assertNoneIn(stack.logs(), secrets);
});
