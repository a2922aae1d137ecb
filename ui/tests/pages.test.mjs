// The built pages in a real Chromium, under the headers they are served with.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { answers } from './pages/answers.mjs';
import {
  api, close, complains, focused, inspect, newContext, newInspection, open, posted, shots, sizes, ui, visit,
} from './pages/browser.mjs';
import { startUI } from './pages/servers.mjs';

describe('every page, at both sizes and in both schemes', () => {
  let page;
  before(async () => { page = await newInspection(); });
  after(() => page.context().close());

  for (const name of [...Object.keys(answers('')), 'start']) {
    test(`${name}: axe finds nothing, nothing overflows, the policy is kept`, async () => {
      await visit(page, name === 'start' ? '/' : name);
      await inspect(page, name);
      complains(page);
    });
  }

  const links = [{ text: 'Hilfe', href: 'https://viewer.example.org/help' }, { text: 'Impressum', href: '/imprint.html' }];
  const place = { name: 'Universität Musterstadt', links, support: 'mailto:help@example.org' };
  for (const [accent, look] of [
    ['#ffcc00', { logo: 'https://viewer.example.org/logo.svg', logo_height: 48 }],
    ['#8c1515', { logo: 'https://viewer.example.org/logo.svg', logo_dark: 'https://viewer.example.org/dark/logo.svg' }],
    ['#ffffff', {}], ['#001a66', { logo: '/logo.svg' }],
  ]) {
    test(`with ${accent} and what a place has of its own all of it can be read`, { skip: Boolean(process.env.GATEHOUSE_BIN) }, async () => {
      const other = await startUI(api, { config: { accent, ...place, ...look } });
      for (const name of ['login-upstreams', 'consent', 'error-unavailable']) {
        await visit(page, name, { at: other });
        await inspect(page, `accent-${accent.slice(1)}-${name}`);
        assert.equal(await page.evaluate(() => document.querySelector('meta[name=theme-color]').content), accent);
        assert.match(await page.getAttribute('link[rel=icon]', 'href'), accent === '#001a66' ? /\/logo\.svg$/ : /^data:image\/svg\+xml,/);
        assert.equal(await page.locator('footer a').count(), 2);
        complains(page);
      }
      await other.close();
      api.uiOrigin = ui.origin;
    });
  }
});

describe('the keyboard', () => {
  test('goes from the username to the password, the eye and the button', async () => {
    const page = await open('login');
    const order = [await focused(page)];
    for (let i = 0; i < 3; i += 1) {
      await page.keyboard.press('Tab');
      order.push(await focused(page));
    }
    assert.deepEqual(order, ['username', 'password', 'Show password', 'button']);
    await close(page);
  });

  test('starts at the password where the username is known, and at the heading where nothing is to be typed', async () => {
    for (const [name, expected] of [
      ['login-wrong-password', 'password'], ['login-known', 'password'], ['select-account', 'h1'], ['refused', 'h1'], ['consent', 'h1'],
      ['logout', 'h1'], ['signed-out', 'h1'],
    ]) {
      const page = await open(name);
      assert.equal(await focused(page), expected, name);
      await close(page);
    }
  });

  test('reaches Allow before Don’t allow', async () => {
    const page = await open('consent');
    for (const expected of ['account=other', 'consent=yes', 'consent=no']) {
      await page.keyboard.press('Tab');
      assert.equal(await focused(page), expected);
    }
    await close(page);
  });

  test('reaches what says who goes on, or that it is somebody else', async () => {
    for (const [name, order] of [
      ['select-account', ['account=continue', 'account=other', 'cancel=yes']], ['refused', ['account=other', 'cancel=yes']],
    ]) {
      const page = await open(name);
      for (const expected of order) {
        await page.keyboard.press('Tab');
        assert.equal(await focused(page), expected, name);
      }
      await close(page);
    }
    const page = await open('login-known');
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Shift+Tab');
    assert.equal(await focused(page), 'account=other');
    await close(page);
  });

  test('shows and hides the password without submitting', async () => {
    const page = await open('login');
    const eye = page.getByRole('button', { name: 'Show password' });
    await page.fill('input[name=password]', 'correct horse');
    await eye.press('Space');
    assert.equal(await page.getAttribute('input[name=password]', 'type'), 'text');
    assert.equal(await eye.getAttribute('aria-pressed'), 'true');
    await eye.press('Enter');
    assert.equal(await page.getAttribute('input[name=password]', 'type'), 'password');
    assert.equal(api.posts.length, 0);
    await close(page);
  });
});

describe('what a client registered about itself', () => {
  const links = (page) => page.locator('main a').evaluateAll((all) =>
    all.map((a) => [a.textContent.replace(/\s+/g, ' ').trim(), a.href, a.target, a.rel]));

  test('is its logo, which comes without a referrer and moves nothing, and links that leave the form as it is', async () => {
    const page = await open('login-client');
    const logo = page.locator('main img');
    await page.waitForFunction(() => getComputedStyle(document.querySelector('main img')).visibility === 'visible');
    const { width, height } = await logo.boundingBox();
    assert.deepEqual([width, height, await logo.getAttribute('alt')], [44, 44, '']);
    assert.deepEqual(page.context().askedElsewhere, [['https://viewer.example.org/logo.svg', undefined]]);
    assert.deepEqual(await links(page), [
      ['Privacy policy (opens a new window)', 'https://viewer.example.org/privacy', '_blank', 'noopener noreferrer'],
      ['Terms of service (opens a new window)', 'https://viewer.example.org/terms', '_blank', 'noopener noreferrer'],
    ]);
    await page.fill('input[name=username]', 'alice');
    const opening = page.context().waitForEvent('page');
    await page.getByRole('link', { name: 'Privacy policy' }).press('Enter');
    const opened = await opening;
    await opened.waitForURL('https://viewer.example.org/privacy');
    assert.deepEqual(await opened.evaluate(() => [globalThis.opener, document.referrer]), [null, '']);
    assert.equal(await page.inputValue('input[name=username]'), 'alice');
    await close(page);
  });

  test('a logo that does not come leaves no trace, and the page as it would be with it', async () => {
    const places = [];
    for (const name of ['login-client-without-logo', 'login-client']) {
      const page = await open(name);
      await page.waitForLoadState('networkidle');
      places.push(await page.locator('input[name=username]').boundingBox());
      assert.equal(await page.locator('main img').isVisible(), name === 'login-client');
      await close(page);
    }
    assert.deepEqual(places[0], places[1]);
  });

  test('is reached with the keyboard: after the form to sign in, before the answer to what it wants', async () => {
    for (const [name, last, expected] of [
      ['login-client', 'cancel=yes', ['a', 'a']],
      ['consent-client', 'h1', ['account=other', 'a', 'a', 'consent=yes', 'consent=no']],
    ]) {
      const page = await open(name);
      while (await focused(page) !== last) await page.keyboard.press('Tab');
      const order = [];
      for (const _ of expected) {
        await page.keyboard.press('Tab');
        order.push(await focused(page));
      }
      assert.deepEqual(order, expected);
      await close(page);
    }
  });

  test('is text and nothing else where it is meant to do harm', async () => {
    for (const name of ['login-client-hostile', 'consent-client-hostile']) {
      const page = await open(name);
      assert.match(await page.innerText('h1'), /<img src=x onerror=alert\(1\)>W/);
      assert.equal(await page.locator('main a, main img').count(), 0);
      await close(page);
    }
  });
});

describe('the forms are native posts to the API, from the UI origin', () => {
  test('signing in sends the request, the username and the password', async () => {
    const body = '/login request=sealed&username=alice&password=correct+horse+%C3%A9';
    const type = async (page) => {
      await page.keyboard.type('alice');
      await page.keyboard.press('Tab');
      await page.keyboard.type('correct horse é');
    };
    assert.equal(await posted('login', async (page) => { await type(page); await page.keyboard.press('Enter'); }), body);
    assert.equal(await posted('login', async (page) => { await type(page); await page.click('button[type=submit]'); }), body);
    assert.equal(await posted('login-wrong-password', async (page) => {
      await page.keyboard.type('correct horse é');
      await page.click('button[aria-pressed]');
      await page.click('button[type=submit]');
    }), body);
  });

  test('who is known sends their name by the first button of type submit, and whoever it is not says so', async () => {
    assert.equal(await posted('login-known', async (page) => {
      await page.keyboard.type('correct horse');
      await page.click('button[type=submit]');
    }), '/login request=sealed&username=alice&password=correct+horse');
    const other = (page) => page.click('button[name=account][value=other]');
    assert.equal(await posted('login-known', other), '/login request=sealed&account=other');
    assert.equal(await posted('consent', other), '/consent request=sealed&account=other');
    assert.equal(await posted('select-account', other), '/select-account request=sealed&account=other');
    assert.equal(await posted('select-account', (page) => page.click('button[name=account][value=continue]')),
      '/select-account request=sealed&account=continue');
    assert.equal(await posted('refused', other), '/refused request=sealed&account=other');
    assert.equal(await posted('refused', (page) => page.click('button[name=cancel]')), '/refused request=sealed&cancel=yes');
  });

  test('consent and logout send the request and the button that was pressed', async () => {
    const press = (name, value) => (page) => page.click(`button[name=${name}][value=${value}]`);
    assert.equal(await posted('consent', press('consent', 'yes')), '/consent request=sealed&consent=yes');
    assert.equal(await posted('consent', press('consent', 'no')), '/consent request=sealed&consent=no');
    assert.equal(await posted('logout', press('logout', 'yes')), '/logout/confirm request=sealed&logout=yes');
    assert.equal(await posted('logout', press('logout', 'no')), '/logout/confirm request=sealed&logout=no');
  });

  test('a second press sends nothing, and the button works again when the person comes back', async () => {
    const page = await open('login');
    await page.fill('input[name=username]', 'alice');
    await page.fill('input[name=password]', 'correct horse');
    api.stay = true;
    const button = page.locator('button[type=submit]:not([name])');
    const press = () => button.evaluate((element) => element.click());
    await press();
    await page.getByRole('button', { name: 'Signing in…' }).waitFor();
    await press();
    await page.waitForTimeout(200);
    assert.equal(api.posts.length, 1);
    await page.evaluate(() => dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })));
    await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
    api.stay = false;
    await press();
    await page.waitForURL(`${api.origin}/login`);
    assert.equal(api.posts.length, 2);
    await close(page);
  });

  test('an action elsewhere gets no form', async () => {
    const page = await open('error-elsewhere');
    assert.equal(await page.locator('form, input').count(), 0);
    await close(page);
  });
});

describe('when things fail', () => {
  test('the API is away: the page says so, and Try again brings the form', async () => {
    const page = await open('error-unavailable');
    assert.match(await page.innerText('[role=alert]'), /wait a moment/);
    api.answers.set('error-unavailable', answers(api.origin).login);
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.waitForSelector('input[name=username]');
    assert.equal(await focused(page), 'username');
    api.answers.set('error-unavailable', answers(api.origin)['error-unavailable']);
    await close(page);
  });

  test('a path that is none is answered 404, with a page that says so and leads on', async () => {
    for (const path of ['/no/such/page', '/.well-known/change-password']) {
      assert.equal((await fetch(ui.origin + path)).status, 404);
      const page = await open(path);
      assert.match(await page.innerText('h1'), /no page here/);
      await inspect(page, 'not-found');
      await page.getByRole('link', { name: 'Go to the start page' }).click();
      await page.waitForURL(`${ui.origin}/`);
      assert.equal(await page.getByRole('link', { name: 'Your account' }).getAttribute('href'), `${api.origin}/account`);
      await close(page);
    }
  });

  test('without script the page says what it needs, in every language, and nothing turns below', async () => {
    for (const [size, viewport] of Object.entries(sizes)) {
      const context = await newContext({ javaScriptEnabled: false, viewport, colorScheme: 'dark' });
      const page = await context.newPage();
      await page.goto(`${ui.origin}/login?request=login`);
      assert.match(await page.innerText('h1'), /needs JavaScript/);
      for (const lang of ['de', 'fr']) assert.match(await page.innerText(`p[lang=${lang}]`), /JavaScript/);
      assert.equal(await page.locator('.spinner').isVisible(), false);
      await page.screenshot({ path: join(shots, `without-script-${size}-dark.png`) });
      await context.close();
    }
  });

  test('before its script has come, the page is the card that will hold it, in the scheme of the person', async () => {
    for (const [size, viewport] of Object.entries(sizes)) {
      const context = await newContext({ viewport, colorScheme: 'dark' });
      await context.route('**/*.js', () => {}); // it never comes
      const page = await context.newPage();
      await page.goto(`${ui.origin}/login?request=login`, { waitUntil: 'commit' });
      await page.locator('.card .spinner').waitFor();
      const ground = () => page.evaluate(() => getComputedStyle(document.querySelector('.card').parentElement.parentElement.parentElement)
        .backgroundColor);
      assert.equal(await ground(), size === 'phone' ? 'rgb(27, 31, 34)' : 'rgb(18, 21, 23)');
      await page.waitForFunction(() => document.getAnimations().every(({ animationName, playState }) =>
        animationName !== 'appear' || playState === 'finished'));
      await page.screenshot({ path: join(shots, `loading-${size}-dark.png`) });
      await context.close();
    }
  });
});

test('the first load of the login page is below 40 kB', { skip: Boolean(process.env.GATEHOUSE_BIN) }, async (t) => {
  Object.assign(ui, { bytes: 0, files: [] });
  api.bytes = 0;
  const page = await open('login');
  await page.waitForLoadState('networkidle');
  t.diagnostic(`${ui.bytes + api.bytes} bytes (${ui.files.map(([path, size]) => `${path} ${size}`).join(', ')})`);
  assert.ok(ui.bytes + api.bytes < 40_000);
  await close(page);
});

test('all that the login page needs is asked for at once, after the HTML, in every language', async () => {
  for (const [locale, title] of [['en', /Sign in/], ['de', /anmelden/i], ['fr', /connect/i]]) {
    const context = await newContext({ locale });
    // No answer comes before everything has been asked for: what waits for an answer before it asks would wait for ever.
    const asked = [];
    let release;
    const all = new Promise((resolve) => { release = resolve; });
    await context.route('**', async (route, request) => {
      const icon = request.url().endsWith('/logo.svg'); // nothing waits for it
      if (request.isNavigationRequest() || icon) return route.continue();
      if (asked.push(new URL(request.url()).pathname.replace(/-[\w-]{8}\./, '.')) === 4) release();
      await all;
      return route.continue();
    });
    const page = await context.newPage();
    await page.goto(`${ui.origin}/login?request=login`, { waitUntil: 'commit' });
    await page.waitForSelector('input[name=password]', { timeout: 10_000 }).catch(() => assert.fail(`only ${asked} is asked for at once`));
    await page.waitForLoadState('networkidle');
    assert.match(await page.title(), title);
    assert.deepEqual(asked.sort(), ['/assets/index.css', '/assets/index.js', '/config.json', '/interaction']);
    await context.close();
  }
});
