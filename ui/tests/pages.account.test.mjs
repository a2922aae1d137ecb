// Upstreams, devices and the account page in a real Chromium.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { api, close, focused, inspect, open, posted, sizes, ui } from './pages/browser.mjs';
import { startUI } from './pages/servers.mjs';

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

  test('have their mark and the words of their button, which is all that a screen reader says', async () => {
    const page = await open('login-marks');
    const buttons = page.locator('button[name=upstream]');
    const marks = (all) => all.map((button) => [button.value, button.querySelectorAll('svg[aria-hidden=true]').length]);
    assert.deepEqual(await buttons.evaluateAll(marks), [['campus', 0], ['google', 1], ['github', 1], ['azure', 1], ['orcid', 1]]);
    for (const name of ['Universität Musterstadt', 'Google', 'GitHub', 'Microsoft', 'ORCID']) {
      assert.equal(await page.getByRole('button', { name: `Continue with ${name}`, exact: true }).count(), 1);
    }
    await close(page);
  });

  const withPasswordLast = (password_form, run) => async () => {
    const other = await startUI(api, { config: { password_form } });
    await run(other);
    await other.close();
    api.uiOrigin = ui.origin;
  };
  const inTest = { skip: Boolean(process.env.GATEHOUSE_BIN) };

  test('come first where the place wants them to, with the heading in focus', inTest, withPasswordLast('last', async (at) => {
    const page = await open('login-marks', { at });
    await inspect(page, 'login-password-last');
    const order = [await focused(page)];
    for (let i = 0; i < 8; i += 1) {
      await page.keyboard.press('Tab');
      order.push(await focused(page));
    }
    const names = ['campus', 'google', 'github', 'azure', 'orcid'].map((name) => `upstream=${name}`);
    assert.deepEqual(order, ['h1', ...names, 'passkey', 'username', 'password']);
    await close(page);
    const alone = await open('login', { at }); // no upstream to come first
    assert.equal(await focused(alone), 'username');
    await close(alone);
  }));

  const folded = 'can have the password folded away: one press opens it, and a wrong one leaves it open';
  test(folded, inTest, withPasswordLast('folded', async (at) => {
    const page = await open('login-marks', { at });
    await inspect(page, 'login-password-folded');
    assert.equal(await page.locator('input[name=password]').isVisible(), false);
    for (let i = 0; i < 7; i += 1) await page.keyboard.press('Tab');
    assert.equal(await focused(page), 'summary');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.activeElement.id === 'username');
    await inspect(page, 'login-password-unfolded', { viewports: { phone: sizes.phone } });
    await page.keyboard.type('alice');
    await page.keyboard.press('Tab');
    await page.keyboard.type('correct horse');
    await page.keyboard.press('Enter');
    await page.waitForURL(`${api.origin}/login`);
    assert.equal(api.posts[0].body, 'request=sealed&username=alice&password=correct+horse');
    await close(page);
    for (const [name, focus] of [['login-marks-wrong-password', 'password'], ['login-link', 'username'], ['login-marks-denied', 'h1']]) {
      const again = await open(name, { at });
      assert.equal(await again.locator('input[name=password]').isVisible(), focus !== 'h1', name);
      assert.equal(await focused(again), focus, name);
      assert.equal(await again.locator('[role=alert]').count(), name === 'login-link' ? 0 : 1, name);
      await close(again);
    }
  }));

  test('come after the password on the keyboard', async () => {
    const page = await open('login-upstreams');
    for (let i = 0; i < 5; i += 1) await page.keyboard.press('Tab');
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
      await page.locator('summary', { hasText: 'New token' }).click();
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
      await page.locator('summary', { hasText: 'Revoke' }).first().press('Enter');
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

  test('withdraws, unlinks, links and changes with the button that was pressed', async () => {
    for (const [press, want] of [
      ['button[name=withdraw][value=archive]', '/account/consents/withdraw request=sealed&withdraw=archive'],
      ['button[name=unlink][value=campus]', '/account/linked request=sealed&unlink=campus'],
      ['button[name=link][value=github]', '/account/linked request=sealed&link=github'],
      ['button[name=end_session][value=s2]', '/account/sessions/end request=sealed&end_session=s2'],
    ]) assert.equal(await posted('account', (page) => page.click(press)), want);
  });

  test('changes a name with the keyboard alone', async () => {
    assert.equal(await posted('account', async (page) => {
      const change = page.locator('summary', { hasText: 'Change name or language' });
      await change.press('Enter');
      await page.waitForFunction(() => document.activeElement.id === 'about-name');
      await page.keyboard.press('Control+A');
      await page.keyboard.type('Alice Ünal');
      for (let i = 0; i < 3; i += 1) await page.keyboard.press('Tab');
      assert.equal(await focused(page), 'about-locale');
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
    }), '/account/profile request=sealed&name=Alice+%C3%9Cnal&given_name=Alice&family_name=Example&locale=de-CH');
  });

  test('shows earlier sign-ins, and all that is folded away, at every size', async () => {
    const page = await open('account');
    const folded = page.locator('details:not([name]) > summary');
    for (let i = await folded.count(); i > 0; i -= 1) if (await folded.nth(i - 1).isVisible()) await folded.nth(i - 1).press('Enter');
    await inspect(page, 'account-unfolded');
    await close(page);
  });

  test('lists its sections beside it where there is room, and leads to them', async () => {
    const page = await open('account', { viewport: { width: 1280, height: 800 } });
    const links = page.locator('nav a');
    assert.ok(await links.first().isVisible());
    await links.filter({ hasText: 'Linked accounts' }).click();
    assert.ok(await page.evaluate(() => document.querySelector('#linked').getBoundingClientRect().top < innerHeight));
    await inspect(page, 'account-contents', { viewports: { desktop: sizes.desktop } });
    await page.setViewportSize({ width: 900, height: 800 });
    assert.equal(await links.first().isVisible(), false);
    await close(page);
  });

  test('has the file of all data come by a form, and stays', async () => {
    assert.equal(await posted('account', (page) => page.getByRole('button', { name: 'Download as JSON' }).click()),
      '/account/data request=sealed');
  });
});
