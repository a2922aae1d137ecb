// Terms of use in a browser: on a phone in the dark, on a desk in the light, in three languages, with text that is not what it looks like.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { arrived, openBrowser, signIn } from './browser.mjs';
import { startStack } from './stack.mjs';

const password = 'nine grey herons';
const nasty = '<script>document.title = "pwned"</script><img src=x onerror="document.title = \'pwned\'"> &lt;b&gt; javascript:alert(1)';
let stack, browser, page;
before(async () => {
  stack = await startStack('terms', { hub: false });
  browser = await openBrowser(stack.state, { viewport: { width: 360, height: 740 }, colorScheme: 'dark' });
  browser.secrets.set(password, 'a password');
  await stack.gatehouse(['user', 'add', 'bob', '--password-stdin'], `${password}\n`);
  const paragraphs = Array.from({ length: 40 }, (_, i) => `${i + 1}. Be kind, also to ${'the machine room '.repeat(6)}.`).join('\n\n');
  await stack.gatehouse(['terms', 'add', 'terms-of-use', '2027-03', '--title', 'en=Terms of use', '--title', 'de=Nutzungsordnung',
    '--title', 'fr=Conditions d’utilisation', '--text', `en=${nasty}\n\n${paragraphs}`, '--text', 'de=1. Seien Sie freundlich.',
    '--uri', 'en=https://example.org/terms?x=1&y=2']);
  page = await browser.newPage();
});
after(async () => {
  await browser?.close();
  await stack?.stop();
});

const picture = (at, name) => at.screenshot({ path: join(stack.state, 'pictures', `${name}.png`), fullPage: true });

/** Opens the account page of bob up to the terms. */
async function asked(at) {
  await at.goto(`${stack.issuer}/account`);
  await at.waitForSelector('input[name=username]');
  await signIn(at, 'bob', password);
  await arrived(at, `${stack.ui}/terms`);
  await at.waitForSelector('input[name=accepted]');
}

test('the text is text, and fits a phone', () => browser.watched('terms', page, async () => {
  await asked(page);
  assert.equal(await page.title(), 'Terms of use · Gatehouse');
  assert.ok((await page.innerText('section.words')).startsWith(nasty));
  assert.equal(await page.locator('section.words > *').count(), 0, 'it became more than text');
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
  const link = page.locator('main a[target=_blank]');
  assert.equal(await link.getAttribute('href'), 'https://example.org/terms?x=1&y=2');
  assert.equal(await link.getAttribute('rel'), 'noopener noreferrer');
  assert.deepEqual(await browser.violations(page), []);
  await picture(page, 'terms-360-dark');
}));

test('nobody goes on without the box', () => browser.watched('box', page, async () => {
  await page.click('button[name=terms][value=yes]');
  assert.ok(page.url().startsWith(`${stack.ui}/terms`));
  assert.ok(await page.locator('input[name=accepted]').evaluate((box) => box.validity.valueMissing));
}));

test('who declines on the way to their account can sign out', () => browser.watched('decline', page, async () => {
  await page.click('button[name=terms][value=no]');
  await arrived(page, `${stack.ui}/logout`);
  await page.click('button[name=logout][value=yes]');
  await arrived(page, `${stack.ui}/signed-out`);
}));

test('they are read in the language of the browser, and with the keyboard alone', async () => {
  for (const [locale, title, text, accept] of [
    ['de-DE', 'Nutzungsordnung', '1. Seien Sie freundlich.', 'Ich habe dies gelesen und stimme zu.'],
    ['fr-FR', 'Conditions d’utilisation', nasty.slice(0, 40), 'J’ai lu ceci et je l’accepte.'],
  ]) {
    const other = await openBrowser(stack.state, { viewport: { width: 1280, height: 800 }, locale });
    const at = await other.newPage();
    await other.watched(locale, at, async () => {
      await asked(at);
      assert.equal(await at.innerText('h1'), title);
      assert.ok((await at.innerText('section.words')).startsWith(text));
      assert.equal(await at.getByText(accept).count(), 1);
      assert.deepEqual(await other.violations(at), []);
      await picture(at, `terms-1280-light-${locale}`);
      if (locale === 'fr-FR') {
        await at.focus('input[name=accepted]');
        await at.keyboard.press('Space');
        await at.keyboard.press('Tab');
        await at.keyboard.press('Enter');
        await arrived(at, `${stack.ui}/account`);
      }
    });
    await other.close();
  }
  assert.match(await stack.gatehouse(['terms', 'list']), /terms-of-use +2027-03 .* 1\n/);
  const left = await stack.gatehouse(['terms', 'report', 'terms-of-use']);
  assert.ok(left.includes('alice') && !left.includes('bob'), left);
  writeFileSync(join(stack.state, 'report.txt'), left);
});

test('an application is told that they were declined', () => browser.watched('application', page, async () => {
  await stack.gatehouse(['client', 'add', 'wiki', '--redirect-uri', `${stack.ui}/wiki`]);
  const request = new URL(`${stack.issuer}/authorize`);
  request.search = new URLSearchParams({ client_id: 'wiki', redirect_uri: `${stack.ui}/wiki`, response_type: 'code', scope: 'openid',
    state: 'x', code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', code_challenge_method: 'S256' });
  await page.goto(request.href);
  await page.waitForSelector('input[name=username]');
  await signIn(page, 'alice', 'demo passphrase');
  await arrived(page, `${stack.ui}/terms`);
  await page.click('button[name=terms][value=no]');
  await page.waitForURL((url) => url.pathname === '/wiki');
  assert.equal(new URL(page.url()).searchParams.get('error'), 'access_denied');
}));
