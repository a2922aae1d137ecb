// The pages for administrators with the real API: a day's work, what is recorded of it, and what attackers and colleagues may do meanwhile.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { follow, newAdminPage } from './admin.mjs';
import { openBrowser, signIn } from './browser.mjs';
import { startStack } from './stack.mjs';

let stack; let browser; let page;
const complaints = [];
const passphrase = 'correct horse battery staple';

before(async () => {
  stack = await startStack('admin', { hub: false });
  browser = await openBrowser(stack.state);
  await stack.gatehouse(['apply', await exported()]);
  page = await newPage();
  await page.goto(`${stack.ui}/admin/`);
  await signIn(page, 'admin', 'demo passphrase');
  await page.getByRole('heading', { name: 'People', level: 1 }).waitFor();
});
after(async () => {
  await browser?.close();
  await stack?.stop();
});

const newPage = (beside) => newAdminPage(browser, complaints, beside);

/** Writes what `export` prints to a file; returns its path. */
async function exported() {
  const file = join(stack.state, 'day.yaml');
  writeFileSync(file, await stack.gatehouse(['export']));
  return file;
}

const heading = (name) => page.getByRole('heading', { name, level: 1 });
const open = async (path, name) => {
  await page.goto(`${stack.ui}/admin/${path}`);
  await heading(name).waitFor();
};
/** Presses the button of a dialog that has the same words as the one that opened it, once it says what would happen. */
async function sure(label, { in: at = page } = {}) {
  const dialog = at.getByRole('dialog');
  await dialog.getByText('The same with SQL, or on the command line').waitFor();
  await dialog.getByRole('button', { name: label, exact: true }).click();
}

describe('a day on the pages', () => {
  test('begins with somebody new, who gets a link and comes in', async () => {
    await page.getByRole('link', { name: 'Add a person' }).click();
    await heading('Add a person').waitFor();
    await page.getByLabel('Username', { exact: false }).fill('ada');
    await page.getByLabel('Full name').fill('Ada Lovelace');
    await page.getByText('The same with SQL, or on the command line').click();
    await page.getByText("gatehouse user add ada --name 'Ada Lovelace'").waitFor();
    await page.getByText('INSERT INTO users').waitFor();
    assert.deepEqual(await browser.violations(page), []);
    await page.getByRole('button', { name: 'Add a person' }).click();
    await heading('ada').waitFor();
    await page.getByRole('button', { name: 'Sign-in link' }).click();
    await sure('Sign-in link');
    await page.getByText('Give them this address.').waitFor();
    const link = await page.getByRole('dialog').locator('code').first().textContent();
    assert.ok(link.startsWith(`${stack.ui}/link#`), link);
    browser.secrets.set(link.split('#')[1], 'a sign-in link');
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
    const ada = await newPage();
    await ada.goto(link);
    await ada.fill('input[type=password]', passphrase);
    await ada.getByRole('button', { name: /Save|Set|Continue/ }).first().click();
    await ada.waitForSelector('input[name=username]');
    await signIn(ada, 'ada', passphrase);
    await ada.getByRole('heading', { level: 1, name: /account/i }).waitFor();
    await ada.context().close();
  });

  test('a group is made, and she joins it', async () => {
    await open('groups?new', 'Add a group');
    await page.getByLabel('Name name').fill('physics');
    await page.getByRole('button', { name: 'Add a group' }).click();
    await heading('physics').waitFor();
    await page.getByRole('button', { name: 'Add members' }).click();
    await page.getByRole('dialog').getByLabel('Username').fill('ada');
    await sure('Add members');
    await page.locator('[data-row]', { hasText: 'Ada Lovelace' }).waitFor();
  });

  test('a Hub is one form, and its whole configuration comes out', async () => {
    await open('applications', 'Applications');
    await page.getByRole('link', { name: 'Add a JupyterHub' }).click();
    await heading('Add a JupyterHub').waitFor();
    await page.getByLabel('Client ID').fill('hub');
    await page.getByLabel('Address of the Hub').fill('https://hub.example.org');
    await page.getByLabel('Kind of Hub').selectOption('jupyterhub');
    await page.getByText('The same with SQL, or on the command line').click();
    await page.getByText('gatehouse client add hub --url https://hub.example.org --template jupyterhub').waitFor();
    await page.getByRole('button', { name: 'Add a JupyterHub' }).click();
    await page.getByText('c.GenericOAuthenticator.oauth_callback_url = "https://hub.example.org/hub/oauth_callback"').waitFor();
    const config = await page.locator('main code').first().textContent();
    browser.secrets.set(config.match(/client_secret = "([\w-]{43})"/)[1], "the Hub's secret");
    assert.match(config, /def backchannel_logout/);
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Save as a file' }).click();
    assert.equal((await download).suggestedFilename(), 'jupyterhub_config.py');
    assert.equal(readFileSync(await (await download).path(), 'utf8'), config);
  });

  test('its secret is replaced while the old one still counts', async () => {
    await page.getByRole('link', { name: 'Go on to its page' }).click();
    await heading('JupyterHub').waitFor();
    await page.getByRole('button', { name: 'New secret' }).click();
    await sure('New secret');
    await page.getByText('The secret is shown only now.').waitFor();
    browser.secrets.set(await page.getByRole('dialog').locator('code').first().textContent(), 'a new secret');
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
    await page.getByText('ends in 7 days').or(page.getByText('ends in 6 days')).waitFor();
    await page.getByLabel('Only for members of').fill('physics');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Open to members of physics').waitFor();
  });

  test('a change can be taken along as a migration', async () => {
    await open('people/ada', 'ada');
    await page.getByLabel('Surname').fill("O'Lovelace");
    await page.getByText('The same with SQL, or on the command line').click();
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Export as migration' }).click();
    const file = await download;
    assert.match(file.suggestedFilename(), /^\d{14}_change_ada\.sql$/);
    const text = readFileSync(await file.path(), 'utf8');
    assert.match(text, /^-- \+goose Up\n-- \+goose StatementBegin\nUPDATE users SET [^;]*'O''Lovelace'/);
    assert.match(text, /\n-- \+goose Down\n-- \+goose StatementBegin\nUPDATE users/);
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved.').waitFor();
    assert.match(await stack.gatehouse(['user', 'show', 'ada']), /"family_name": "O'Lovelace"/);
  });

  test('shutting somebody out says first how many sessions end', async () => {
    await open('people/ada', 'ada');
    await page.getByRole('button', { name: 'Shut out' }).click();
    await page.getByRole('dialog').getByText('This ends 1 session').waitFor();
    await sure('Shut out');
    await page.getByRole('button', { name: 'Let in again' }).waitFor();
    assert.match(await stack.gatehouse(['user', 'show', 'ada']), /"disabled_at"/);
  });

  test('why somebody cannot enter is answered with the row that decides it', async () => {
    await stack.gatehouse(['client', 'add', 'wiki', '--redirect-uri', 'https://wiki.example.org/cb']);
    await open('people/ada', 'ada');
    await page.getByRole('combobox', { name: 'Application' }).fill('wiki');
    await page.getByRole('button', { name: 'Explain' }).click();
    await page.getByText('users.disabled_at of ada').waitFor();
  });

  test('what a file declares is changed on purpose only', async () => {
    await open('groups/hub-admins', 'hub-admins');
    await page.getByLabel('Description').fill('Who look after the Hub');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('alert').filter({ hasText: /the group is declared in day.yaml, line \d+/ }).waitFor();
    assert.match(await stack.gatehouse(['group', 'show', 'hub-admins']), /Administrators of JupyterHub/);
    await page.getByRole('button', { name: 'Change it anyway' }).click();
    await page.getByText('Saved.').waitFor();
    assert.match(await stack.gatehouse(['group', 'show', 'hub-admins']), /Who look after the Hub/);
  });

  test('leaves exactly that between the file and the database, as the rest is new', async () => {
    const plan = await stack.gatehouse(['plan', join(stack.state, 'day.yaml')]).catch((e) => e);
    assert.equal(plan.code, 2);
    assert.equal(plan.stdout.replace(/line \d+/, 'line N'), `BEGIN;

-- day.yaml, line N: group "hub-admins" changes
--   description: 'Who look after the Hub' → 'Administrators of JupyterHub'
UPDATE groups SET description = 'Administrators of JupyterHub'
WHERE name = 'hub-admins';

COMMIT;
-- 1 to update
`);
    const after = await exported();
    assert.match(readFileSync(after, 'utf8'), /description: Who look after the Hub\n[^]*name: physics\n[^]*client_id: hub\n/);
    assert.match(await stack.gatehouse(['plan', after]), /\n-- no changes, 3 to mark as declared\n$/); // hub, wiki and physics
  });

  test('is recorded: who, what, and that it was the pages', async () => {
    const operations = ['user add', 'user link', 'group add', 'group add-member', 'client add-hub', 'client rotate-secret', 'client set',
      'user set', 'user disable'];
    const rows = (await stack.gatehouse(['audit', 'list', '--by', 'admin', '--json'])).trim().split('\n').map((line) => JSON.parse(line));
    const found = rows.filter(({ door }) => door === 'page').map((row) => row.operation);
    assert.deepEqual(operations.filter((operation) => !found.includes(operation)), [], `not in ${found}`);
  });

  test('and can be taken back from there', async () => {
    await open('changes?username=ada', 'Changes');
    const row = page.getByRole('listitem').filter({ hasText: 'user set' }).first();
    await row.getByText('UPDATE users').click();
    await row.getByRole('cell', { name: "O'Lovelace" }).waitFor();
    await row.getByRole('button', { name: 'Undo' }).click();
    await sure('Undo');
    await page.locator('dialog[open]').waitFor({ state: 'detached' }); // which has the same words, as a command
    await page.getByRole('listitem').filter({ hasText: 'audit undo' }).first().waitFor();
    assert.doesNotMatch(await stack.gatehouse(['user', 'show', 'ada']), /O'Lovelace/);
  });
});

describe('meanwhile', () => {
  test('a change by somebody else is shown beside one’s own, and one chooses', async () => {
    await open('people/ada', 'ada');
    await page.getByLabel('Full name').fill('Ada, Countess');
    await stack.gatehouse(['user', 'set', 'ada', '--name', 'Ada King']);
    await page.getByRole('button', { name: 'Save' }).click();
    const both = page.getByRole('alert').filter({ hasText: 'Somebody changed it meanwhile.' });
    await both.getByRole('cell', { name: 'Ada King' }).waitFor();
    await both.getByRole('cell', { name: 'Ada, Countess' }).waitFor();
    assert.deepEqual(await browser.violations(page), []);
    await both.getByRole('button', { name: 'Go on with mine' }).click();
    assert.equal(await page.getByLabel('Full name').inputValue(), 'Ada, Countess');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved.').waitFor();
    assert.match(await stack.gatehouse(['user', 'show', 'ada']), /"name": "Ada, Countess"/);
  });

  test('what is refused says why beside the form, and what was typed stays', async () => {
    await open('people/ada', 'ada');
    await page.getByLabel('New username').fill('Not a name');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('alert').filter({ hasText: 'username must be' }).waitFor();
    assert.equal(await page.getByLabel('New username').inputValue(), 'Not a name');
    await page.getByLabel('New username').fill(''); // else it is kept, and is there when this page is opened again
  });

  test('stored scripts are text everywhere', async () => {
    const script = '<img src=x onerror="document.title=`taken`"><script>document.title=`taken`</script>';
    await stack.sql(`INSERT INTO users (username, name, given_name) VALUES ('mallory', '${script}', '${script}');
      INSERT INTO groups (name, description) VALUES ('<b>bold</b>', '${script}');
      INSERT INTO group_members (group_name, username) VALUES ('<b>bold</b>', 'mallory');`);
    for (const [path, name] of [['people?q=mallory', 'People'], ['people/mallory', 'mallory'], ['groups', 'Groups'],
      [`groups/${encodeURIComponent('<b>bold</b>')}`, '<b>bold</b>']]) {
      await open(path, name);
      await page.getByText('<b>bold</b>').first().waitFor();
      assert.equal(await page.locator('main img, main script, main b').count(), 0, path);
      assert.doesNotMatch(await page.title(), /taken/);
    }
  });

  test('a right that is taken away counts at the next press', async () => {
    await stack.gatehouse(['user', 'add', 'second'], passphrase);
    await stack.gatehouse(['group', 'add-member', 'gatehouse-admins', 'second']);
    const other = await newPage();
    await other.goto(`${stack.ui}/admin/people/mallory`);
    await signIn(other, 'second', passphrase);
    await other.getByRole('heading', { name: 'mallory', level: 1 }).waitFor();
    await other.waitForLoadState('networkidle');
    await stack.gatehouse(['group', 'remove-member', 'gatehouse-admins', 'second']);
    await other.getByRole('button', { name: 'Shut out' }).click();
    await other.getByRole('heading', { name: /may not use/i }).waitFor(); // what the API says of itself: the pages are closed to them
    assert.doesNotMatch(await stack.gatehouse(['user', 'show', 'mallory']), /"disabled_at"/);
    await other.context().close();
  });

  test('a page of elsewhere can neither read nor write here', async (t) => {
    const server = createServer((_, response) => response.writeHead(200, { 'Content-Type': 'text/html' }).end('<title>Evil</title>'));
    t.after(() => { server.close(); server.closeAllConnections(); });
    await new Promise((listens) => { server.listen(0, 'localhost', listens); });
    const elsewhere = await browser.newPage(page); // the same browser, with its session
    await elsewhere.goto(`http://localhost:${server.address().port}/`);
    const tried = await elsewhere.evaluate(async (api) => {
      const outcome = (promise) => promise.then((r) => r.type === 'opaque' ? 'unread' : r.status, () => 'refused');
      const post = { method: 'POST', credentials: 'include' };
      return [await outcome(fetch(`${api}/admin/v1/users`, { credentials: 'include' })),
        await outcome(fetch(`${api}/admin/v1/users/mallory/disable`, post)),
        await outcome(fetch(`${api}/admin/v1/users/mallory/disable`, { ...post, mode: 'no-cors' })),
        await outcome(fetch(`${api}/admin/v1/users/mallory`, { method: 'DELETE', headers: { Authorization: 'DPoP x' } }))];
    }, stack.issuer);
    assert.deepEqual(tried, ['refused', 'refused', 'unread', 'refused']);
    assert.doesNotMatch(await stack.gatehouse(['user', 'show', 'mallory']), /"disabled_at"/);
    const answers = await Promise.all(['https://evil.example', 'null', stack.issuer].map((origin) =>
      fetch(`${stack.issuer}/admin/v1/users`, { headers: { Origin: origin } })));
    for (const answer of answers) {
      assert.equal(answer.status, 401);
      assert.equal(answer.headers.get('access-control-allow-origin'), null);
    }
    await elsewhere.close();
  });

  test('nothing of the tokens is kept in the browser, and the key cannot be read', async () => {
    await open('people', 'People');
    const kept = await page.evaluate(async () => [JSON.stringify({ ...localStorage, ...sessionStorage }), document.cookie,
      (await indexedDB.databases()).length]);
    assert.deepEqual([kept[0].replace(/"language":"..",?/, ''), kept[1], kept[2]], ['{}', '', 0]);
  });

  test('a code that somebody else began is not taken', async () => {
    const other = await newPage(page);
    await other.goto(`${stack.ui}/admin/?code=stolen&state=unknown&iss=${encodeURIComponent(stack.issuer)}`);
    await other.getByRole('heading', { name: 'People', level: 1 }).waitFor(); // it signed in by itself, by another code
    await other.close();
  });
});

test('every page is whole in three languages, on a phone, in the dark, by the keyboard', async () => {
  await stack.gatehouse(['client', 'add', 'x', '--name', 'X', '--redirect-uri', 'https://x.example.org/cb', '--group', 'physics']);
  const [phone, desktop] = [{ width: 360, height: 740 }, { width: 1280, height: 800 }];
  for (const [language, viewport, colorScheme] of [['de', phone, 'dark'], ['fr', desktop, 'light']]) {
    await page.setViewportSize(viewport);
    await page.emulateMedia({ colorScheme });
    await page.evaluate((chosen) => localStorage.setItem('language', chosen), language);
    await page.goto(`${stack.ui}/admin/`);
    await page.locator('main h1').waitFor();
    for (const path of ['people', 'people?new', 'people/ada', 'groups', 'groups?new', 'groups/physics', 'applications',
      'applications?new', 'applications?new=jupyterhub', 'applications/hub', 'doors', 'doors?new', 'services', 'services?new',
      'sign-ins', 'changes', 'health', 'appearance', 'operations', 'nowhere']) {
      await follow(page, path);
      assert.deepEqual(await browser.violations(page), [], path);
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), viewport.width, `${path} is too wide`);
    }
  }
  await page.evaluate(() => localStorage.clear());
  await page.goto(`${stack.ui}/admin/people`);
  await page.locator('[data-row]').first().waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('ada');
  await page.waitForFunction(() => document.querySelectorAll('[data-row]').length === 1);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await heading('ada').waitFor();
});

test('whoever leaves is removed with all that is theirs, after it was said', async () => {
  await page.setViewportSize({ width: 1280, height: 800 });
  await open('people/ada', 'ada');
  await page.getByRole('button', { name: 'Remove for good' }).click();
  await sure('Remove for good');
  await heading('People').waitFor();
  await assert.rejects(stack.gatehouse(['user', 'show', 'ada']), /there is no user/);
});

test('the last administrator cannot shut themselves out by accident', async () => {
  await open('people/admin', 'admin');
  await page.getByRole('button', { name: 'Shut out' }).click();
  await page.getByRole('dialog').getByRole('alert').filter({ hasText: 'who can administer' }).waitFor();
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
});

test('the first list is below 120 kB', async (t) => {
  const other = await newPage();
  const files = [];
  other.on('requestfinished', async (request) => {
    const path = new URL(request.url()).pathname;
    if (path !== '/login') files.push([path, (await request.sizes()).responseBodySize]);
  });
  const cdp = await other.context().newCDPSession(other);
  await other.goto(`${stack.ui}/admin/`);
  await other.waitForSelector('input[name=password]');
  files.length = 0;
  await cdp.send('Network.clearBrowserCache'); // the way to the sign-in had all files, too
  await signIn(other, 'admin', 'demo passphrase');
  await other.locator('[data-row]').first().waitFor();
  await other.waitForLoadState('networkidle');
  const bytes = files.reduce((sum, [, size]) => sum + size, 0);
  t.diagnostic(`${bytes} bytes (${files.map(([path, size]) => `${path} ${size}`).join(', ')})`);
  assert.ok(files.some(([path, size]) => path.endsWith('.js') && size > 20_000), 'the script was fetched');
  assert.ok(bytes < 120_000);
  await other.context().close();
});

test('signing out ends the session, and the pages ask for one again', async () => {
  await page.getByRole('link', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Do you want to sign out?' }).waitFor();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'You are signed out' }).waitFor();
  await page.goto(`${stack.ui}/admin/`);
  await page.waitForSelector('input[name=password]');
});

test('nothing was complained about, and no secret is in a log', () => {
  assert.deepEqual(complaints, []);
  for (const [file, text] of stack.logs()) {
    for (const [secret, what] of browser.secrets) assert.ok(!text.includes(secret), `${what} in ${file}`);
  }
});
