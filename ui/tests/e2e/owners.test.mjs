// The pages of somebody who looks after a group, on a phone of 360 px: they see their group alone, and do there what they came for.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { newAdminPage } from './admin.mjs';
import { openBrowser, signIn } from './browser.mjs';
import { startStack } from './stack.mjs';

let stack; let browser; let page;
const complaints = [];
const passphrase = 'correct horse battery staple';

before(async () => {
  stack = await startStack('owners', { hub: false });
  for (const name of ['teacher', 'ada']) await stack.gatehouse(['user', 'add', name], passphrase);
  await stack.gatehouse(['group', 'add', 'physics101']);
  for (const group of ['others', 'spare']) await stack.gatehouse(['group', 'add', group]);
  await stack.gatehouse(['group', 'add-member', 'physics101', 'ada', '--until', '2099-03-01']);
  await stack.gatehouse(['group', 'add-owner', 'physics101', 'teacher']);
  browser = await openBrowser(stack.state, { viewport: { width: 360, height: 740 }, colorScheme: 'dark' });
  page = await newAdminPage(browser, complaints);
  await page.goto(`${stack.ui}/admin/`);
  await signIn(page, 'teacher', passphrase);
  await page.getByRole('heading', { name: 'My groups', level: 1 }).waitFor();
});
after(async () => {
  await browser?.close();
  await stack?.stop();
});

/** Nothing is wider than the phone, and nothing is in the way of a screen reader. */
async function fits() {
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'it scrolls sideways');
  assert.deepEqual(await browser.violations(page), []);
}
const shot = (name) => process.env.SHOTS && page.screenshot({ path: `${process.env.SHOTS}/${name}.png`, fullPage: true });

test('they see their group and no other', async () => {
  await page.locator('[data-row]', { hasText: 'physics101' }).waitFor();
  assert.equal(await page.locator('[data-row]').count(), 1);
  assert.deepEqual(await page.locator('nav a').allTextContents().then((all) => [...new Set(all)]), ['My groups']);
  await fits();
  await page.locator('[data-row]').click();
  await page.getByRole('heading', { name: 'physics101', level: 1 }).waitFor();
});

test('a membership is prolonged with one press, and ended with two', async () => {
  await page.getByRole('button', { name: /^Prolong to .* ?: ada$/ }).click();
  await page.getByText(/until .*(Aug|8).*2099/).waitFor();
  await page.getByLabel('Usernames').fill('nobody');
  await page.getByRole('button', { name: 'Add members' }).click();
  await page.getByText('nobody').last().waitFor();
  await page.getByLabel('Usernames').fill('teacher');
  await page.getByRole('button', { name: 'Add members' }).click();
  await page.getByRole('button', { name: /^Remove ?: teacher$/ }).click();
  await page.getByText('Remove teacher?').waitFor();
  await page.getByRole('button', { name: 'Remove', exact: true }).click();
  await page.getByRole('button', { name: /^Remove ?: teacher$/ }).waitFor({ state: 'detached' });
  await fits();
});

test('an invitation has an address and a QR code, once', async () => {
  await page.getByRole('button', { name: 'Invite' }).first().click();
  await page.getByRole('img', { name: 'QR code of the address' }).waitFor();
  const link = await page.locator('code', { hasText: '/link#' }).textContent();
  browser.secrets?.set(link.split('#')[1], 'an invitation');
  await page.getByText('30 left, 0 accepted').waitFor();
  await fits();
  await shot('group');
});

test('a list of people is looked at before it is added', async () => {
  await page.locator('input[type=file]').setInputFiles({ name: 'class.csv', mimeType: 'text/csv',
    buffer: Buffer.from('username,name\ngrace,Grace Hopper\nada,Ada\n') });
  await page.getByText('1 are new, 0 join, 1 are in the group already.').waitFor();
  await page.getByRole('button', { name: 'Add them' }).click();
  await page.getByText('Links for people who are new, shown only now: 1').waitFor();
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save as a file' }).click();
  assert.equal((await download).suggestedFilename(), 'physics101-links.csv');
});

test('a workshop is opened, and its code shown and closed', async () => {
  await page.getByLabel('Its name').fill('surf2027');
  await page.getByLabel('It ends').fill('2099-03-03T18:00');
  await page.getByRole('button', { name: 'Open a workshop' }).click();
  await page.getByRole('heading', { name: 'surf2027', level: 1 }).waitFor();
  await page.getByText(/^[a-z]+-[a-z]+-[a-z]+/).first().waitFor();
  await page.getByRole('button', { name: 'Close the code' }).click();
  await page.getByText('The code is closed').waitFor();
  await page.getByRole('button', { name: 'Ten more seats' }).click();
  await page.getByText('0 of 70 seats').waitFor();
  await stack.sql(`INSERT INTO users (username, workshop, expires_at) SELECT 'surf2027-bo', name, until FROM workshops;`);
  await page.reload();
  await page.getByRole('button', { name: /^New phrase ?: surf2027-bo$/ }).click();
  await page.getByText('The new phrase of surf2027-bo, shown only now:').waitFor();
  await fits();
  await shot('workshop');
  if (!process.env.SHOTS) return;
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.emulateMedia({ colorScheme: 'light' });
  await shot('workshop-1280');
  await page.setViewportSize({ width: 360, height: 740 });
});

test('who loses the group is told, and nothing is changed', async () => {
  await stack.gatehouse(['group', 'add-owner', 'spare', 'teacher']); // without one, the pages are not open to them
  await stack.gatehouse(['group', 'remove-owner', 'physics101', 'teacher']);
  await page.getByRole('button', { name: 'Open the code again' }).click();
  await page.getByText('you do not look after the group "physics101", or not any more').waitFor();
  assert.deepEqual(complaints, []);
});
