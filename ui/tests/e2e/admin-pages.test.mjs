// The pages for administrators with the real API: that they have all that the API has, who sees what of it, and what becomes of typed text.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { follow, newAdminPage } from './admin.mjs';
import { openBrowser, signIn } from './browser.mjs';
import { startStack } from './stack.mjs';

let stack; let browser; let page; let document;
const complaints = [];
const passphrase = 'correct horse battery staple';

/** The pages by their paths, with what each is about in the API: a page of rows, and one of a row. */
const pages = ['people', 'groups', 'invitations', 'applications', 'doors', 'services', 'sign-ups', 'sign-ins', 'changes', 'health'];
const ones = { 'people/ada': '/users/ada', 'groups/physics': '/groups/physics', 'applications/wiki': '/clients/wiki',
  'doors/google': '/upstreams/google', 'services/https%3A%2F%2Fapi.example.org': '/resources/https%3A%2F%2Fapi.example.org' };
const adds = ['people?new', 'groups?new', 'invitations?new', 'applications?new', 'applications?new=jupyterhub', 'doors?new',
  'services?new'];

before(async () => {
  stack = await startStack('admin-pages', { hub: false,
    env: { GATEHOUSE_READER_GROUP: 'gatehouse-readers', GATEHOUSE_HELP_DESK_GROUP: 'help-desk' } });
  for (const [name, ...groups] of [['ada', 'physics'], ['rhea', 'gatehouse-readers'], ['hal', 'help-desk']]) {
    await stack.gatehouse(['user', 'add', name], passphrase);
    if (groups[0] === 'physics') await stack.gatehouse(['group', 'add', 'physics']);
    await stack.gatehouse(['group', 'add-member', groups[0], name]);
  }
  await stack.gatehouse(['client', 'add', 'wiki', '--redirect-uri', 'https://wiki.example.org/cb']);
  await stack.gatehouse(['resource', 'add', 'https://api.example.org']);
  await stack.sql(`INSERT INTO upstreams (name, display_name, issuer, client_id)
    VALUES ('google', 'Google', 'https://accounts.google.com', 'x');`);
  browser = await openBrowser(stack.state);
  page = await signedIn('admin', 'demo passphrase');
  document = await (await fetch(`${stack.issuer}/admin/v1/openapi.json`)).json();
});
after(async () => {
  await browser?.close();
  await stack?.stop();
});

async function signedIn(name, password = passphrase) {
  const one = await newAdminPage(browser, complaints);
  await one.goto(`${stack.ui}/admin/`);
  await signIn(one, name, password);
  await one.getByRole('heading', { name: 'People', level: 1 }).waitFor();
  return one;
}

/** Opens all that is folded on a page, once its operations are listed. */
async function unfold(on) {
  await on.getByText('All that can be done here').click();
  await on.locator('details details summary code').first().waitFor();
}

describe('each door has what the others have', () => {
  test('every operation of the API is on the page of what it is about', async () => {
    const all = Object.entries(document.paths).flatMap(([path, methods]) => Object.keys(methods).map((m) => `${m.toUpperCase()} ${path}`));
    const found = new Set();
    for (const path of [...pages, ...Object.keys(ones)]) {
      await follow(page, path);
      if (['doors', 'services'].includes(path)) await page.locator('[data-row]').first().waitFor();
      await unfold(page);
      for (const code of await page.locator('details details summary code').allTextContents()) found.add(code);
    }
    assert.deepEqual(all.filter((operation) => !found.has(operation)), []);
  });

  test('every column that an operation sets has a field in the form that sets it', async () => {
    // What adds or removes one of a list is for programs that do not know the others; the rest the API says of a row, and nobody sets.
    const ours = /^(add|remove)_|^(accounts|has_client_secret|disabled_at|managed_by|created_at)$/;
    const forms = new Map();
    for (const path of [...Object.keys(ones), ...adds]) {
      await follow(page, path);
      for (const form of await page.locator('main form[data-operation]').all()) {
        const fields = await form.evaluate((of) => [...of.elements].map((field) => field.name).filter(Boolean));
        forms.set(await form.getAttribute('data-operation'), fields);
      }
    }
    const changes = Object.entries(ones).map(([, path]) => ['patch', path]);
    const additions = ['/users', '/groups', '/invitations', '/clients', '/clients/hubs', '/upstreams', '/resources']
      .map((path) => ['post', path]);
    for (const [method, path] of [...changes, ...additions]) {
      const template = Object.keys(document.paths).find((of) => new RegExp(`^${of.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path)
        && document.paths[of][method]);
      const [{ schema }] = Object.values(document.paths[template][method].requestBody.content);
      const lacks = Object.keys(schema.properties).filter((name) => !ours.test(name) &&
        !forms.get(`${method.toUpperCase()} ${path}`)?.includes(name));
      assert.deepEqual(lacks, [], `${method} ${path}`);
    }
  });

  test('what has no place of its own is done from there', async () => {
    await follow(page, 'people/ada');
    await unfold(page);
    await page.getByText('POST /users/{username}/password').click();
    const form = page.locator('details[open] form').last();
    assert.equal(await form.locator('[name=username]').count(), 0, 'whose it is is known');
    await form.locator('[name=password]').fill('another horse battery staple');
    await form.getByRole('button', { name: 'Do it' }).click();
    await page.getByRole('dialog').getByText('gatehouse user passwd ada').or(page.getByRole('dialog').getByText('The same with SQL'))
      .first().waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
  });

  test('no hint repeats its label', async () => {
    for (const path of [...Object.keys(ones), ...adds]) {
      await follow(page, path);
      const repeats = await page.locator('.field').evaluateAll((fields) => fields.flatMap((field) => {
        const words = (of) => field.querySelector(of).textContent.toLowerCase().match(/[a-z]+/g) ?? [];
        const label = words('label');
        return words('.hint').length && words('.hint').every((word) => label.includes(word)) ? [label.join(' ')] : [];
      }));
      assert.deepEqual(repeats, [], path);
    }
  });
});

describe('somebody who may', () => {
  test('look, looks at everything, and is offered nothing that would be refused', async () => {
    const rhea = await signedIn('rhea');
    await rhea.getByText('Your role is reader').waitFor();
    for (const path of [...pages, 'appearance', 'operations', ...Object.keys(ones)]) {
      await follow(rhea, path);
      const buttons = await rhea.locator('main button, main a.act').allTextContents();
      const harmless = /^(Copy|Save as a file|More|Look again|Explain|Ask|Try it)\b/;
      assert.deepEqual(buttons.map((text) => text.trim()).filter((text) => !harmless.test(text)), [], path);
      assert.deepEqual(await rhea.getByRole('alert').allTextContents(), [], path);
      assert.deepEqual(await browser.violations(rhea), [], path);
    }
    await follow(rhea, 'people/ada');
    assert.ok(await rhea.getByLabel('Full name').isDisabled());
    await follow(rhea, 'people?new');
    await rhea.getByText('Your role is reader').waitFor();
    assert.equal(await rhea.getByRole('button', { name: 'Add a person' }).count(), 0);
    await rhea.context().close();
  });

  test('help, sees to links, sessions, factors and sign-up, and sees no more', async () => {
    const ada = await newAdminPage(browser, complaints);
    await ada.goto(`${stack.issuer}/account`);
    await signIn(ada, 'ada', passphrase);
    await ada.getByRole('heading', { level: 1, name: /account/i }).waitFor();
    const hal = await signedIn('hal');
    const refused = [];
    hal.on('response', (response) => { if (response.status() === 403) refused.push(response.url()); });
    await hal.getByText('Your role is help desk').waitFor();
    assert.deepEqual((await hal.locator('.side nav a').allTextContents()), ['People', 'Sign-up', 'Sign-ins']);
    for (const path of ['sign-ins', 'sign-ups', 'people', 'people/ada']) {
      await follow(hal, path);
      assert.deepEqual(await browser.violations(hal), [], path);
    }
    await hal.getByRole('button', { name: 'End', exact: false }).first().waitFor();
    const buttons = await hal.locator('main button').allTextContents();
    assert.deepEqual([...new Set(buttons.map((text) => text.trim().split(':')[0]))].sort(), ['End', 'End all', 'Explain', 'Sign-in link']);
    assert.deepEqual(refused, [], 'nothing was asked for that would be refused');
    await hal.getByRole('button', { name: 'Sign-in link' }).click();
    await hal.getByRole('dialog').getByRole('button', { name: 'Sign-in link' }).click();
    await hal.getByText('Give them this address.').waitFor();
    await hal.context().close();
    await ada.context().close();
  });
});

describe('what was typed and not sent', () => {
  const name = () => page.getByLabel('Full name');
  const again = () => page.getByRole('heading', { name: 'ada', level: 1 }).waitFor();

  test('is there after the page was loaded again, but for secrets, and after a sign-in that has ended meanwhile', async () => {
    await follow(page, 'people/ada');
    await name().fill('Ada, half-written');
    await page.reload();
    await again();
    assert.equal(await name().inputValue(), 'Ada, half-written');
    await page.getByText('The same with SQL').waitFor();
    await stack.gatehouse(['session', 'end', '--all-of', 'admin']);
    await name().fill('Ada, half-written twice'); // what it would do is asked for, which leads to the sign-in
    await signIn(page, 'admin', 'demo passphrase');
    await again();
    assert.equal(await name().inputValue(), 'Ada, half-written twice');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved.').waitFor();
    await page.reload();
    await again();
    assert.equal(await name().inputValue(), 'Ada, half-written twice');
    assert.deepEqual(await page.evaluate(() => Object.keys(sessionStorage)), [], 'what was sent is no draft');
    await follow(page, 'people?new');
    await page.locator('[name=username]').fill('newcomer');
    await page.getByText('All settings').click();
    await page.locator('[name=password]').fill('another horse battery staple');
    await page.reload();
    await page.getByRole('heading', { name: 'Add a person', level: 1 }).waitFor();
    assert.deepEqual([await page.locator('[name=username]').inputValue(), await page.locator('[name=password]').inputValue()],
      ['newcomer', '']);
  });

  test('is asked for before one leaves by a link', async () => {
    const asked = page.waitForEvent('dialog');
    await page.getByRole('link', { name: 'Groups' }).first().click();
    assert.match((await asked).message(), /not saved/);
    await page.getByRole('heading', { name: 'Add a person', level: 1 }).waitFor(); // the dialog was dismissed
    complaints.splice(complaints.findIndex((one) => one.startsWith('a dialog')), 1);
    await page.locator('[name=username]').fill('');
  });
});

test('an invitation is made, listed without its address, and revoked', async () => {
  await follow(page, 'invitations');
  await page.getByText('There is none.').waitFor();
  await page.getByRole('link', { name: 'Invite' }).click();
  await page.locator('[name=groups]').fill('physics');
  await page.locator('[name=uses]').fill('30');
  await page.getByRole('button', { name: 'Invite' }).click();
  const link = await page.locator('.copyable code').first().textContent();
  assert.ok(link.startsWith(`${stack.ui}/link#`), link);
  assert.deepEqual(await browser.violations(page), []);
  await page.getByRole('link', { name: 'Close' }).click();
  await page.getByText('physics · by admin · 30 times, until').waitFor();
  assert.ok(!(await page.content()).includes(link.split('#')[1]));
  await page.getByRole('button', { name: 'Revoke' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
  await page.getByText('There is none.').waitFor();
});

test('a door is tried without an account there', async () => {
  const door = createServer((request, response) => {
    const issuer = `http://localhost:${door.address().port}`;
    response.writeHead(request.url === '/.well-known/openid-configuration' ? 200 : 404, { 'Content-Type': 'application/json' })
      .end(JSON.stringify({ issuer, authorization_endpoint: `${issuer}/a`, token_endpoint: `${issuer}/t`, jwks_uri: `${issuer}/j`,
        response_types_supported: ['code'], subject_types_supported: ['public'], id_token_signing_alg_values_supported: ['ES256'] }));
  });
  await new Promise((listens) => { door.listen(0, 'localhost', listens); });
  await stack.sql(`UPDATE upstreams SET issuer = 'http://localhost:${door.address().port}';`);
  await follow(page, 'doors/google');
  await page.getByRole('button', { name: 'Try it' }).click();
  await page.getByText('It can be reached, and its discovery document is right.').waitFor();
  door.close();
  door.closeAllConnections();
  await page.getByRole('button', { name: 'Try it' }).click();
  await page.getByText('It cannot be used').waitFor();
  assert.deepEqual(await browser.violations(page), []);
});

test('the week is a table for those who read rather than look, with what was throttled and how long answers took', async () => {
  await stack.sql(`INSERT INTO sign_in_counts SELECT date_trunc('hour', now()) - interval '1 day', outcome, within_ms, n
    FROM (VALUES ('throttled', 25, 3), ('answered', 100, 60), ('answered', 500, 40)) AS v (outcome, within_ms, n);`);
  await follow(page, 'sign-ins');
  const table = page.getByRole('table', { name: 'Sign-ins, failures and what was throttled' });
  const yesterday = table.getByRole('row').filter({ has: page.getByRole('cell', { name: '3', exact: true }) });
  await yesterday.waitFor(); // the texts of what is not there yet are none
  assert.deepEqual(await yesterday.getByRole('cell').allTextContents(), ['0', '0', '3', '100 ms', '500 ms']);
  assert.equal(await page.locator('figure svg').count(), 2);
  assert.deepEqual(await browser.violations(page), []);
});

test('nothing scrolls sideways on a phone, and a long file is folded', async () => {
  await page.setViewportSize({ width: 360, height: 740 });
  for (const path of [...pages, 'appearance', 'operations', ...Object.keys(ones), ...adds]) {
    await follow(page, path);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360, path);
  }
  await follow(page, 'applications?new=jupyterhub');
  await page.locator('[name=client_id]').fill('hub');
  await page.locator('[name=url]').fill('https://hub.example.org');
  await page.locator('[name=template]').selectOption('jupyterhub');
  await page.getByRole('button', { name: 'Add a JupyterHub' }).click();
  await page.getByRole('button', { name: 'Save as a file' }).waitFor();
  assert.ok(await page.evaluate(() => document.documentElement.scrollHeight) < 1000);
  await page.getByText(/^Show all \d+ lines$/).click();
  await page.getByText('c.GenericOAuthenticator.oauth_callback_url').waitFor();
  assert.ok(await page.evaluate(() => document.documentElement.scrollHeight) < 1600, 'it scrolls within itself');
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
  assert.deepEqual(await browser.violations(page), []);
});

test('nothing was complained about', () => { assert.deepEqual(complaints, []); });
