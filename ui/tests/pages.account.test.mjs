// Upstreams, devices and the account page in a real Chromium.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { api, close, focused, inspect, open, posted, ui } from './pages/browser.mjs';

describe('upstreams', () => {
  test('send the request and the one that was chosen; Enter in a field still means the password', async () => {
    assert.equal(await posted('login-upstreams', (page) => page.getByRole('button', { name: 'Continue with Google' }).click()),
      '/login/upstream request=sealed&upstream=google');
    assert.equal(await posted('login-upstreams', async (page) => {
      await page.fill('input[name=password]', 'correct horse');
      await page.fill('input[name=username]', 'alice');
      await page.keyboard.press('Enter');
    }), '/login request=sealed&username=alice&password=correct+horse');
  });

  test('come after the password on the keyboard', async () => {
    const page = await open('login-upstreams');
    for (let i = 0; i < 4; i += 1) await page.keyboard.press('Tab');
    assert.equal(await focused(page), 'upstream=google');
    await page.keyboard.press('Tab');
    assert.equal(await focused(page), 'upstream=campus');
    await close(page);
  });
});

describe('the device page', () => {
  test('is there for whoever types its address, and sends the code as the device shows it', async () => {
    assert.equal(await posted('/device', async (page) => {
      assert.equal(await focused(page), 'user-code');
      await page.keyboard.type('wdjb mjht');
      await page.keyboard.press('Enter');
    }), '/device user_code=WDJB-MJHT');
  });

  test('has the code of the address filled in, and waits for the person', async () => {
    const page = await open('/device?user_code=wdjbmjht');
    assert.equal(await page.inputValue('input[name=user_code]'), 'WDJB-MJHT');
    await inspect(page, 'device-filled-in');
    await close(page);
    assert.equal(api.posts.length, 0);
    assert.equal(await posted('/device?user_code=WDJB-MJHT', (page) => page.click('button[type=submit]')), '/device user_code=WDJB-MJHT');
  });

  test('its consent sends the request and the button that was pressed', async () => {
    assert.equal(await posted('consent-device', async (page) => {
      assert.equal(await page.innerText('strong >> nth=0'), 'WDJB-MJHT');
      await page.click('button[value=yes]');
    }), '/consent request=sealed&consent=yes');
  });
});

describe('the account page', () => {
  test('makes a token of a name, scopes and days', async () => {
    assert.equal(await posted('account', async (page) => {
      await page.getByLabel('Name', { exact: true }).fill('My laptop');
      await page.getByLabel('Your groups').check();
      await page.getByLabel('Valid for').selectOption('90 days');
      await page.getByRole('button', { name: 'Create token' }).click();
    }), '/account/tokens request=sealed&name=My+laptop&scope=openid&scope=groups&days=90');
  });

  test('revokes a token at the second press, with the keyboard alone', async () => {
    assert.equal(await posted('account', async (page) => {
      const revoke = page.getByRole('button', { name: 'Revoke “My laptop”' });
      assert.equal(await revoke.isVisible(), false);
      await page.locator('summary').first().press('Enter');
      await revoke.waitFor();
      assert.equal(api.posts.length, 0);
      await inspect(page, 'account-revoke');
      await page.keyboard.press('Tab');
      assert.equal(await focused(page), 'revoke=t1');
      await page.keyboard.press('Enter');
    }), '/account/tokens/revoke request=sealed&revoke=t1');
  });

  test('shows a new token selected, and copies it, and says so', async () => {
    const page = await open('account-new-token');
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin: ui.origin });
    const value = await page.inputValue('#token-value');
    assert.match(value, /^gatehouse_pat_/);
    assert.equal(await page.evaluate(() => getSelection().toString() || document.activeElement.value
      .slice(document.activeElement.selectionStart, document.activeElement.selectionEnd)), value);
    await page.getByRole('button', { name: 'Copy' }).click();
    await page.getByRole('status').filter({ hasText: 'Copied.' }).waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), value);
    await inspect(page, 'account-copied');
    await close(page);
  });

  test('leads to the API to sign out', async () => {
    const page = await open('account');
    assert.equal(await page.getByRole('link', { name: 'Sign out' }).getAttribute('href'), `${api.origin}/logout`);
    await close(page);
  });
});
