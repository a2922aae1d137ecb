import { tick } from 'svelte';
import { describe, expect, test, vi } from 'vitest';
import { all, api, fields, find, open, show, text } from './browser.ts';

const client = { name: 'JupyterHub', uri: 'https://hub.example.org' };
const user = { username: 'alice', name: 'Alice Example' };
const form = { request: 'sealed', request_id: 'r-1', client };
const login = { page: 'login', action: `${api}/login`, ...form };
const consent = { page: 'consent', action: `${api}/consent`, user, scopes: ['openid', 'profile', 'read:jobs'], ...form };
const logout = { page: 'logout', action: `${api}/logout/confirm`, user, ...form };

describe('login', () => {
  test('posts the request, the username and the password to the action the API names', async () => {
    const { asked } = await show(login);
    expect(asked).toEqual(['/config.json', `${api}/interaction?request=sealed`]);
    expect(text('h1')).toBe('Sign in to JupyterHub');
    expect(document.title).toBe('Sign in to JupyterHub · Campus');
    expect(document.documentElement.lang).toBe('en');
    expect(find('form').getAttribute('method')).toBe('post');
    expect(find('form').getAttribute('action')).toBe(`${api}/login`);
    expect(fields('button[type=submit]')).toEqual(['request=sealed', 'username=', 'password=']);
  });

  test('has the fields that password managers look for, each with its label', async () => {
    await show(login);
    for (const [name, autocomplete, label] of [
      ['username', 'username', 'Username or email address'], ['password', 'current-password', 'Password'],
    ]) {
      expect(find(`input[name=${name}]`).getAttribute('autocomplete')).toBe(autocomplete);
      expect(text(`label[for=${find(`input[name=${name}]`).id}]`)).toBe(label);
    }
    expect(document.activeElement).toBe(find('input[name=username]'));
    expect(all('[role=alert]')).toEqual([]);
  });

  test('keeps the username and goes to the password after a failure, and says what failed', async () => {
    await show({ ...login, username: 'alice', error: { code: 'invalid_credentials' } });
    expect(find<HTMLInputElement>('input[name=username]').value).toBe('alice');
    expect(document.activeElement).toBe(find('input[name=password]'));
    for (const name of ['username', 'password']) {
      expect(find(`input[name=${name}]`).getAttribute('aria-invalid')).toBe('true');
      expect(find(`input[name=${name}]`).getAttribute('aria-describedby')).toContain(find('[role=alert]').id);
    }
    expect(text()).toContain('Request ID r-1');
  });

  test('says in words how long to wait, and blames no field for it', async () => {
    await show({ ...login, error: { code: 'too_many_attempts', retry_after: 30 } });
    expect(text('[role=alert]')).toBe('Too many attempts. Please wait 30 seconds, then try again.');
    expect(all('[aria-invalid]')).toEqual([]);
    await show({ ...login, error: { code: 'too_many_attempts', retry_after: 61 } });
    expect(text('[role=alert]')).toContain('wait 2 minutes,');
    await show({ ...login, error: { code: 'too_many_attempts' } });
    expect(text('[role=alert]')).toContain('wait a few minutes,');
  });

  test('asks again when it was left open until the API would no longer take it, so that nobody types a password for nothing', async () => {
    const expired = { page: 'error', error: { code: 'request_expired' }, client };
    const net = await show({ ...login, expires_in: 0.001 });
    net.interaction = { status: 400, body: expired };
    await vi.waitUntil(() => text('h1') === 'This request has expired', { timeout: 5000 });
    expect(all('input[name=password]')).toEqual([]);
    expect(net.asked.filter((url) => url.includes('/interaction'))).toHaveLength(2);
  });

  test('counts the time down, which is announced once, and says when it is over', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'] });
    for (const answer of [login, { page: 'device', action: `${api}/device` }]) {
      await show({ ...answer, error: { code: 'too_many_attempts', retry_after: 90 } });
      const alert = find('[role=alert]');
      const leftAfter = async (seconds: number) => {
        vi.advanceTimersByTime(seconds * 1000);
        await tick();
        return text('[role=alert] [role=timer]'); // what changes there is not announced (WAI-ARIA, role timer: aria-live is off)
      };
      expect(await leftAfter(0)).toBe('2 minutes');
      expect(await leftAfter(31)).toBe('59 seconds');
      expect(await leftAfter(58)).toBe('1 second');
      expect(find('[role=alert]')).toBe(alert);
      expect(text('[role=alert]')).toBe('Too many attempts. Please wait 1 second, then try again.');
      vi.advanceTimersByTime(1000);
      await tick();
      expect(all('[role=alert]')).toEqual([]);
      expect(all('[role=status]').map((status) => status.textContent.trim())).toContain('You can try again now.');
      expect(vi.getTimerCount()).toBe(0);
    }
    vi.useRealTimers();
  });

  test('says after the second wrong try that it may be the name', async () => {
    const wrong = (times: number) => show({ ...login, username: 'alice', error: { code: 'invalid_credentials', times } });
    await wrong(1);
    expect(text('[role=alert]')).toBe('That username and password do not go together. Check both and try again.');
    await wrong(2);
    expect(text('[role=alert]')).toContain('Check both and try again. The name may be the wrong one, too');
    expect(find('#username').getAttribute('aria-describedby')).toBe(find('[role=alert]').id);
  });

  test('has words for a reason it does not know', async () => {
    await show({ ...login, error: { code: 'moon_phase' } });
    expect(text('[role=alert]')).toBe('That did not work. Please try again.');
  });

  test('shows the password while the person wants to see it, and says that Caps Lock is on', async () => {
    await show(login);
    const eye = find('button[aria-pressed]');
    expect(eye.getAttribute('type')).toBe('button');
    eye.click();
    await vi.waitUntil(() => find('input[name=password]').getAttribute('type') === 'text');
    expect(eye.getAttribute('aria-pressed')).toBe('true');
    const key = new KeyboardEvent('keyup', { bubbles: true });
    key.getModifierState = (name: string) => name === 'CapsLock';
    find('input[name=password]').dispatchEvent(key);
    await vi.waitUntil(() => text().includes('Caps Lock is on.'));
  });

  test('is submitted once, with progress on the button, until the person comes back', async () => {
    await show(login);
    const submit = () => {
      const event = new SubmitEvent('submit', { cancelable: true, bubbles: true, submitter: find('button[type=submit]') });
      find('form').dispatchEvent(event);
      return !event.defaultPrevented;
    };
    expect(submit()).toBe(true);
    expect(submit()).toBe(false);
    await vi.waitUntil(() => text('button[type=submit]') === 'Signing in…');
    expect(text('form > [role=status]')).toBe('Signing in…');
    expect(find<HTMLButtonElement>('button[type=submit]').disabled).toBe(false);
    window.dispatchEvent(new Event('pageshow'));
    await vi.waitUntil(() => text('button[type=submit]') === 'Sign in');
    expect(submit()).toBe(true);
  });
});

describe('consent', () => {
  test('says who asks for what, in words, and unknown scopes by their name', async () => {
    await show(consent);
    expect(document.title).toBe('JupyterHub asks to use your account · Campus');
    expect(all('li').map((li) => li.textContent.trim())).toEqual([
      'Recognise you when you come back', 'See your name and username', 'Use read:jobs',
    ]);
    expect(text()).toContain('Signed in as Alice Example alice');
    expect(document.activeElement).toBe(find('h1'));
  });

  test('names the services that it is about, and says their scopes in the words of the operator', async () => {
    await show({ ...consent, scope_words: { 'read:jobs': 'Read your <jobs>', openid: 'Nothing at all' }, services: ['The archive'] });
    expect(all('li').map((li) => li.textContent.trim())).toEqual([
      'Recognise you when you come back', 'See your name and username', 'Read your <jobs>', 'Use The archive in your name',
    ]);
  });

  test('posts the request and the button that was pressed', async () => {
    await show(consent);
    expect(find('form').getAttribute('action')).toBe(`${api}/consent`);
    expect(fields('button[value=yes]')).toEqual(['request=sealed', 'consent=yes']);
    expect(fields('button[value=no]')).toEqual(['request=sealed', 'consent=no']);
  });
});

describe('what a client registered about itself', () => {
  const about = {
    logo_uri: 'https://hub.example.org/logo.png', policy_uri: 'https://hub.example.org/privacy', tos_uri: 'http://localhost:8000/terms',
  };
  const both = (more: object) => [login, consent].map((answer) => ({ ...answer, client: { ...client, ...more } }));

  test('is shown on both pages: its logo once that has come, and links that leave this page open', async () => {
    for (const answer of both(about)) {
      await show(answer);
      const logo = find('main img');
      expect([logo.getAttribute('src'), logo.getAttribute('alt'), logo.getAttribute('referrerpolicy')])
        .toEqual([about.logo_uri, '', 'no-referrer']);
      expect(logo.classList.contains('there')).toBe(false);
      logo.dispatchEvent(new Event('load'));
      await vi.waitUntil(() => logo.classList.contains('there'));
      expect(text()).toContain('From JupyterHub: Privacy policy (opens a new window) Terms of service (opens a new window)');
      expect(all('main a').map((a) => [a.getAttribute('href'), a.getAttribute('target'), a.getAttribute('rel')])).toEqual([
        [about.policy_uri, '_blank', 'noopener noreferrer'], [about.tos_uri, '_blank', 'noopener noreferrer'],
      ]);
    }
  });

  test('leaves no trace where it is not there', async () => {
    for (const answer of both({})) {
      await show(answer);
      expect(all('main a, main img')).toEqual([]);
      expect(text()).not.toContain('From JupyterHub');
    }
    for (const answer of both({ tos_uri: about.tos_uri })) {
      await show(answer);
      expect(all('main a').map((a) => a.getAttribute('href'))).toEqual([about.tos_uri]);
    }
  });

  const none = ['javascript:alert(1)', 'data:image/svg+xml,x', '//hub.example.org/x', 'x', ''];
  test.each(none)('is neither link nor image as %s', async (address) => {
    for (const answer of both({ logo_uri: address, policy_uri: address, tos_uri: address })) {
      await show(answer);
      expect(all('main a, main img')).toEqual([]);
    }
  });

  test('has a logo over http of this origin only, as the policy does', async () => {
    for (const [logo_uri, count] of [[`${location.origin}/logo.svg`, 1], ['http://logo.example.org/logo.svg', 0]] as const) {
      await show({ ...login, client: { ...client, logo_uri } });
      expect(all('main img')).toHaveLength(count);
    }
  });
});

describe('logout', () => {
  test('asks, and posts the request and the button that was pressed', async () => {
    await show(logout);
    expect(text()).toContain('JupyterHub asks to sign you out.');
    expect(find('form').getAttribute('action')).toBe(`${api}/logout/confirm`);
    expect(find<HTMLButtonElement>('button[name=logout]').value).toBe('yes');
    expect(fields('button[value=yes]')).toEqual(['request=sealed', 'logout=yes']);
    expect(fields('button[value=no]')).toEqual(['request=sealed', 'logout=no']);
  });

  test('needs no client', async () => {
    await show({ ...logout, client: undefined });
    expect(text('h1')).toBe('Do you want to sign out?');
  });
});

describe('signed out', () => {
  test('leads back to where the client wants the person, or to the client itself, and to another sign-in', async () => {
    await show({ page: 'signed_out', client, return_to: 'https://hub.example.org/hub/' });
    expect(find('a').getAttribute('href')).toBe('https://hub.example.org/hub/');
    expect(text('a')).toBe('Back to JupyterHub');
    expect(all('a').map((a) => a.getAttribute('href'))).toEqual(['https://hub.example.org/hub/', `${api}/account`]);
    await show({ page: 'signed_out', client });
    expect(find('a').getAttribute('href')).toBe('https://hub.example.org/');
    await show({ page: 'signed_out' });
    expect(all('a').map((a) => a.textContent)).toEqual(['Sign in again']);
  });
});

describe('error', () => {
  test('says what happened and what to do, with the way back and the request ID', async () => {
    await show({ page: 'error', error: { code: 'request_expired' }, client, request_id: 'r-2' }, { status: 400 });
    expect(text('h1')).toBe('This request has expired');
    expect(text('[role=alert]')).toContain('start again');
    expect(text('a')).toBe('Back to JupyterHub');
    expect(text('code')).toBe('r-2');
    expect(all('button')).toEqual([]);
  });

  test('has words for a code it does not know', async () => {
    await show({ page: 'error', error: { code: 'moon_phase' } });
    expect(text('h1')).toBe('Something went wrong');
  });

  test.each(['javascript:alert(1)', 'data:text/html,x', '//hub.example.org', 'hub'])('never links to %s', async (address) => {
    await show({ page: 'error', error: { code: 'server_error' }, return_to: address, client: { name: 'x', uri: address } });
    expect(all('a').map((a) => a.getAttribute('href'))).toEqual(['/']);
  });

  test('leaves nobody without a way on: to the start page where no application is known', async () => {
    await show({ page: 'error', error: { code: 'unknown_client' }, request_id: 'r-2' }, { status: 400 });
    expect(all('a').map((a) => [a.textContent, a.getAttribute('href')])).toEqual([['Go to the start page', '/']]);
  });

  const nowhere = ['/no/such/page', '/start', '/.well-known/change-password', '/constructor', '/login/x'];
  test.each(nowhere)('says of %s that nothing is there', async (path) => {
    const { asked } = await open(`${path}?request=sealed`, { interaction: { body: login } });
    expect(text('h1')).toBe('There is no page here');
    expect(asked).toEqual(['/config.json']);
    expect(find('a').getAttribute('href')).toBe('/');
  });

  const pages = ['/', '/index.html', '/login', '/signed-out/', '/device-done'];
  test.each(pages)('says at %s, without a request, where to start', async (path) => {
    await open(path, {});
    expect(text('h1')).toBe('Start from your application');
    expect(find('a.button').getAttribute('href')).toBe(`${api}/account`);
  });
});

describe('error with a step to try again', () => {
  const failed = (try_again: string) => show({ page: 'error', error: { code: 'temporarily_unavailable' }, try_again });

  test('leads to the API or to this origin', async () => {
    for (const address of [`${api}/authorize?state=x`, `${location.origin}/consent?request=sealed`]) {
      await failed(address);
      expect(all('a.button').map((a) => [a.textContent, a.getAttribute('href')])).toEqual([['Try again', address]]);
    }
  });

  test('leads nowhere else', async () => {
    for (const address of ['https://evil.example/authorize', 'javascript:alert(1)', `${api}.evil.example/`]) {
      await failed(address);
      expect(all('a.button').map((a) => a.getAttribute('href'))).toEqual(['/']);
    }
  });
});

describe('what the API must not make the page do', () => {
  test.each([
    'https://elsewhere.example.org/login', `${api}.elsewhere.example.org/login`, `${api}:444/login`, `${api}@elsewhere.example.org/`,
    'javascript:alert(1)', '/login', '', undefined, 7,
  ])('a form to %s is refused', async (action) => {
    for (const answer of [login, consent, logout]) {
      await show({ ...answer, action });
      expect(all('form, input, button')).toEqual([]);
      expect(text('h1')).toBe('This page stopped itself');
      expect(text('code')).toBe('r-1');
    }
  });

  test('an answer for a page that is not there, or without what its page needs, is an error page', async () => {
    for (const answer of [{ page: 'start' }, { page: 'constructor' }, { ...consent, client: undefined }, { page: 'error' }]) {
      await show(answer);
      expect(text('h1')).toBe('Something went wrong here');
    }
  });
});

describe('without an answer', () => {
  test('and without a request, the page says where to start, and asks the API nothing', async () => {
    const { asked } = await open('/', {});
    expect(text('h1')).toBe('Start from your application');
    expect(asked).toEqual(['/config.json']);
    expect(find('a').getAttribute('href')).toBe(`${api}/account`);
  });

  test.each([
    ['the API cannot be reached', { interaction: 'unreachable' as const }],
    ['the API answers something else than JSON', { interaction: { status: 502, body: '<h1>Bad Gateway</h1>' } }],
    ['the API answers JSON that says nothing', { interaction: { status: 500, body: { detail: 'x' } } }],
    ['the configuration cannot be reached', { config: 'unreachable' as const }],
    ['the configuration names no API', { config: { body: { name: 'Campus' } } }],
    ['the API says that it is busy', { interaction: { status: 503, body: { page: 'error', error: { code: 'temporarily_unavailable' } } } }],
  ])('because %s, Try again brings the page when it works again', async (_, network) => {
    const net = await open('/login?request=sealed', network);
    expect(text('h1')).toBe('Not available right now');
    const before = find('[role=alert]');
    find('button').click();
    await vi.waitUntil(() => find('[role=alert]') !== before && text('button') === 'Try again'); // announced once more
    Object.assign(net, { config: undefined, interaction: { body: login } });
    find('button').click();
    await vi.waitUntil(() => text('h1') === 'Sign in to JupyterHub');
    await vi.waitFor(() => expect(document.activeElement).toBe(find('input[name=username]'))); // a moment later (lib/focus.ts)
  });
});

describe('the configuration', () => {
  const configured = (config: object) =>
    open('/login?request=sealed', { config: { body: { api, name: 'Campus', ...config } }, interaction: { body: login } });

  test('gives the logo, whose text is the name', async () => {
    await configured({ logo: '/campus.svg' });
    expect(find('header img').getAttribute('src')).toBe('/campus.svg');
    expect(find('header img').getAttribute('alt')).toBe('Campus');
    for (const logo of ['http://logo.example.org/x.svg', '//logo.example.org/x.svg', 'javascript:alert(1)']) {
      await configured({ logo });
      expect(all('img')).toEqual([]);
      expect(text('header')).toBe('Campus');
    }
  });

  test('gives a logo for the dark and its height; without one for the dark, the logo has a white ground there', async () => {
    await configured({ logo: '/campus.svg', logo_dark: '/campus-dark.svg', logo_height: 48 });
    expect(find('header source').getAttribute('srcset')).toBe('/campus-dark.svg');
    expect(find('header source').getAttribute('media')).toBe('(prefers-color-scheme: dark)');
    expect(find('header img').classList.contains('plate')).toBe(false);
    expect(document.documentElement.style.getPropertyValue('--logo-height')).toBe('48px');
    await configured({ logo: '/campus.svg', logo_dark: 'javascript:alert(1)' });
    expect(all('header source')).toEqual([]);
    expect(find('header img').classList.contains('plate')).toBe(true);
  });

  test('gives the accent, if it is a colour: to the buttons, the browser and the tab', async () => {
    document.head.innerHTML = '<meta name="theme-color" content="#1a6b52"><link rel="icon" href="/logo.svg">';
    const accent = () => document.documentElement.style.getPropertyValue('--fill');
    await configured({ accent: 'red; background: url(//x)' });
    expect(accent()).toBe('');
    expect(document.querySelector('link')!.getAttribute('href')).toBe('/logo.svg');
    await configured({ accent: '#0b57d0' });
    expect(accent()).toBe('#0b57d0');
    expect(document.querySelector('meta')!.content).toBe('#0b57d0');
    expect(document.querySelector('link')!.href).toContain(encodeURIComponent('fill="#0b57d0"'));
    await configured({ accent: '#0b57d0', logo: '/campus.svg' });
    expect(document.querySelector('link')!.href).toContain(encodeURIComponent('>C</text>'));
  });

  test('gives links below each page, and nothing that is none', async () => {
    const links = [
      { text: 'Help', href: 'https://help.example.org/' }, { text: 'Data protection', href: '/privacy.html' },
      { text: 'Evil', href: 'javascript:alert(1)' }, { text: '', href: '/x' }, {},
    ];
    const below = () => all('footer a').map((a) =>
      [a.querySelector('span')!.textContent, a.getAttribute('href'), a.getAttribute('target')]);
    await configured({ links });
    expect(below()).toEqual([['Help', 'https://help.example.org/', '_blank'], ['Data protection', '/privacy.html', '_blank']]);
    await configured({ links: 'x' });
    expect(below()).toEqual([]);
  });

  test('gives who helps, behind what people look for, with the request id where there is one', async () => {
    const help = (answer: object, support?: string) =>
      open('/login?request=sealed', { config: { body: { api, name: 'Campus', support } }, interaction: { body: answer } })
        .then(() => all('main a:not(.button)').map((a) => [a.querySelector('span')!.textContent, a.getAttribute('href')]));
    const failed = { page: 'error', error: { code: 'server_error' }, request_id: 'r-1' };
    expect(await help(login, 'mailto:help@example.org')).toEqual([['Trouble signing in?', 'mailto:help@example.org']]);
    expect(await help(failed, 'mailto:help@example.org')).toEqual([['Get help', 'mailto:help@example.org?subject=Request%20ID%20r-1']]);
    expect(await help(failed, 'https://desk.example.org/')).toEqual([['Get help', 'https://desk.example.org/']]);
    expect(await help(login)).toEqual([]);
    expect(text()).toContain('Trouble signing in? Ask the people who run this service.');
    expect(await help(failed, 'javascript:alert(1)')).toEqual([]);
  });

  test('may name the API with a slash at the end', async () => {
    await configured({ api: `${api}/` });
    expect(text('h1')).toBe('Sign in to JupyterHub');
  });
});

describe('the language', () => {
  const lang = () => document.documentElement.lang;

  test('is the one the request asks for, then the browser’s, then English', async () => {
    await show({ ...login, ui_locales: ['nl', 'de-CH', 'fr'] }, { languages: ['fr'] });
    expect([lang(), text('h1')]).toEqual(['de', 'Anmelden bei JupyterHub']);
    await show({ ...login, ui_locales: ['nl'] }, { languages: ['pt', 'fr-CA'] });
    expect([lang(), text('h1')]).toEqual(['fr', 'Se connecter à JupyterHub']);
    await show(login, { languages: ['pt'] });
    expect(lang()).toBe('en');
  });

  test('can be chosen below each page: that leaves what was typed, holds for the pages that follow, and sends nothing', async () => {
    const { asked } = await show({ ...login, ui_locales: ['de'] }, { languages: ['de'] });
    const before = [...asked];
    const select = find<HTMLSelectElement>('footer select');
    expect([select.getAttribute('aria-label'), select.value]).toEqual(['Sprache', 'de']);
    expect(all('footer option').map((option) => [option.getAttribute('lang'), option.textContent]))
      .toEqual([['en', 'English'], ['de', 'Deutsch'], ['fr', 'Français']]);
    find<HTMLInputElement>('#username').value = 'alice';
    select.value = 'fr';
    select.dispatchEvent(new Event('change', { bubbles: true }));
    await vi.waitUntil(() => text('h1') === 'Se connecter à JupyterHub');
    expect([lang(), find<HTMLInputElement>('#username').value]).toEqual(['fr', 'alice']);
    expect(document.title).toBe('Se connecter à JupyterHub · Campus');
    expect(asked).toEqual(before);
    await show({ ...consent, ui_locales: ['de'] }, { languages: ['de'] });
    expect([lang(), find<HTMLSelectElement>('footer select').value]).toEqual(['fr', 'fr']);
    localStorage.clear();
    localStorage.setItem('language', 'constructor');
    await show(login, { languages: ['de'] });
    expect(lang()).toBe('de');
    localStorage.clear();
  });

  test('can be chosen in a browser that keeps nothing', async () => {
    const forbidden = () => { throw new DOMException('no', 'SecurityError'); };
    vi.stubGlobal('localStorage', { getItem: forbidden, setItem: forbidden });
    await show(login, { languages: ['de'] });
    const select = find<HTMLSelectElement>('footer select');
    select.value = 'fr';
    select.dispatchEvent(new Event('change', { bubbles: true }));
    await vi.waitUntil(() => text('h1') === 'Se connecter à JupyterHub');
    vi.unstubAllGlobals();
  });

  test('fills in times as people say them', async () => {
    await show({ ...login, error: { code: 'too_many_attempts', retry_after: 300 } }, { languages: ['de'] });
    expect(text('[role=alert]')).toContain('warten Sie 5 Minuten');
  });
});

describe('an application that registered itself', () => {
  const stranger = { name: 'JupyterHub', unchecked: true };
  const atHost = { ...stranger, uri: 'https://app.example.net' };
  const device = { ...consent, client: stranger, user_code: 'WDJB-MJHT' };
  const done = { page: 'device_done', client: stranger, allowed: true };

  test.each([['login', login], ['consent', consent], ['logout', logout]])('is named with its host on the page %s', async (_, answer) => {
    await show({ ...answer, client: atHost });
    expect(text('main')).toContain('JupyterHub');
    expect(text('.unchecked')).toBe('app.example.net · not checked by anyone here');
  });

  test.each([['login', login], ['consent', device], ['device_done', done], ['logout', logout]])(
    'is said to be unchecked where nothing shows its host, on the page %s', async (_, answer) => {
      await show({ ...answer, client: stranger });
      expect(text('main')).toContain('JupyterHub');
      expect(text('.unchecked')).toBe('not checked by anyone here');
    },
  );

  test.each(['error', 'signed_out'])('is led back to by its host, not by its name, on the page %s', async (page) => {
    await show({ page, client: atHost, error: { code: 'request_expired' }, return_to: 'https://app.example.net' });
    expect(text('main')).not.toContain('JupyterHub');
    expect(text('a[href^="https://app.example.net"]')).toBe('Back to app.example.net');
    await show({ page, client: stranger, error: { code: 'request_expired' } });
    expect(text('main')).not.toContain('JupyterHub');
    expect(text('main')).not.toContain('Back to');
  });

  test('unlike one that an administrator registered', async () => {
    for (const answer of [login, consent, logout, { ...done, client }]) {
      await show(answer);
      expect(all('.unchecked')).toEqual([]);
    }
  });
});
