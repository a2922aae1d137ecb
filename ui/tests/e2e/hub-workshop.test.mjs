// A workshop of sixty, from the code on the wall to the report (docs/workshop.md): all come by the forms of the pages, one in a browser.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openBrowser, assertNoneIn, arrived } from './browser.mjs';
import { startHub, within } from './jupyterhub.mjs';
import { startStack } from './stack.mjs';

const learners = 60;
let stack, browser, hub, code, projector, phone, wall;

before(async () => {
  stack = await startStack('hub-workshop', { hub: false });
  browser = await openBrowser(stack.state, { viewport: { width: 360, height: 740 }, colorScheme: 'dark' });
  hub = await startHub(stack);
});
after(async () => {
  await hub?.stop();
  await browser?.close();
  await stack?.stop();
});

/** A client without scripts: it keeps cookies, follows redirects, and posts the forms of the pages. */
function newLearner() {
  const jar = new Map(); // by origin, path and name
  const cookiesFor = (url) => [...jar.values()].filter(({ origin, path }) => origin === url.origin && url.pathname.startsWith(path))
    .map(({ name, value }) => `${name}=${value}`).join('; ');
  const keep = (url, line) => {
    const [, name, value] = line.match(/^([^=]+)=([^;]*)/);
    const path = line.match(/; *path=([^;]+)/i)?.[1] ?? '/';
    const expires = line.match(/; *expires=([^;]+)/i)?.[1];
    const key = `${url.origin} ${path} ${name}`;
    if (/; *max-age=0/i.test(line) || (expires && new Date(expires) < new Date())) jar.delete(key);
    else jar.set(key, { origin: url.origin, path, name, value });
  };
  const learner = {
    async fetch(address, options = {}) {
      let url = new URL(address);
      let init = { ...options, redirect: 'manual' };
      for (let hops = 0; hops < 15; hops += 1) {
        const answer = await fetch(url, { ...init, headers: { ...init.headers, cookie: cookiesFor(url) } });
        for (const line of answer.headers.getSetCookie()) keep(url, line);
        const to = answer.headers.get('location');
        if (!to) return { url, status: answer.status, text: await answer.text() };
        await answer.arrayBuffer();
        url = new URL(to, url);
        // Of a page the API says what it shows; sixty servers at once need more than a laptop has.
        if (url.origin === stack.ui || /^\/(hub\/spawn|user\/)/.test(url.pathname)) return { url, status: answer.status, text: '' };
        init = { redirect: 'manual' };
      }
      throw new Error(`no end of redirects at ${url}`);
    },
    async page({ url }) {
      const answer = await fetch(`${stack.issuer}/interaction?request=${encodeURIComponent(url.searchParams.get('request'))}`);
      return answer.json();
    },
    post: (action, fields) => learner.fetch(action, { method: 'POST', body: new URLSearchParams(fields), headers: { origin: stack.ui } }),
  };
  return learner;
}

/** Joins by the forms, and is at the Hub as who they are. */
async function joins(i) {
  const learner = newLearner();
  let at = await learner.post(`${stack.issuer}/join`, { code: code.replaceAll('-', ' ').toUpperCase() });
  let page = await learner.page(at);
  assert.equal(page.page, 'join_name');
  at = await learner.post(page.action, { request: page.request, username: `Learner ${i}` });
  page = await learner.page(at);
  assert.equal(page.page, 'join_phrase', JSON.stringify(page));
  browser.secrets.set(page.phrase, `phrase of ${page.user.username}`);
  at = await learner.post(page.action, { request: page.request, written: 'yes' });
  assert.deepEqual([at.url.origin, at.status < 400], [hub.url, true], `ends at ${at.url} ${at.status}`);
  const home = await learner.fetch(`${hub.url}/hub/home`);
  assert.ok(home.text.includes(`user: "${page.user.username}"`), `${home.url} ${home.status}`);
  return { learner, username: page.user.username, phrase: page.phrase };
}

test('one command opens it, and the wall shows the code', async () => {
  await stack.gatehouse(['group', 'add', 'workshop']);
  const opened = JSON.parse(await stack.gatehouse(['workshop', 'open', 'surf2027', '--group', 'workshop', '--seats', `${learners}`,
    '--until', '2099-03-03 18:00 Europe/Vienna', '--prefix', 'surf-', '--client-id', hub.id, '--json']));
  ({ code, projector } = opened);
  assert.match(code, /^[a-z]+(-[a-z]+){2,}$/);
  assert.equal(opened.until, '2099-03-03T17:00:00Z');
  wall = await browser.newPage();
  await wall.setViewportSize({ width: 1280, height: 720 });
  await browser.watched('wall', wall, async () => {
    await wall.goto(projector);
    await wall.getByText(`0 of ${learners}`).waitFor();
    assert.equal((await wall.innerText('.code')).replaceAll(/\s/g, ''), code);
    assert.deepEqual(await browser.violations(wall), []);
  });
});

test('a learner with a phone is in JupyterLab by the QR code', async (t) => {
  phone = await browser.newPage();
  await browser.watched('phone', phone, async () => {
    const began = Date.now();
    await phone.goto(`${stack.ui}/join#${code}`);
    await arrived(phone, `${stack.ui}/join-name`);
    await phone.fill('input[name=username]', 'Ada');
    await phone.click('main button[type=submit] >> nth=0');
    await arrived(phone, `${stack.ui}/join-phrase`);
    assert.equal(await phone.innerText('#joined-username'), 'surf-ada');
    browser.secrets.set(await phone.innerText('#joined-phrase'), 'phrase of surf-ada');
    assert.deepEqual(await browser.violations(phone), []);
    assert.ok(await phone.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing is wider than the phone');
    await phone.check('input[name=written]');
    await phone.click('main button[type=submit] >> nth=0');
    await phone.waitForURL((to) => to.href.startsWith(`${hub.url}/user/surf-ada/lab`));
    await phone.waitForSelector('.jp-LauncherCard');
    t.diagnostic(`code seen to JupyterLab: ${((Date.now() - began) / 1000).toFixed(1)} s`);
  });
});

let others;
test('all seats are taken, by people who are each themselves at the Hub', async (t) => {
  const began = Date.now();
  const waiting = [...Array(learners - 1).keys()];
  others = [];
  const next = async () => {
    for (let i = waiting.shift(); i !== undefined; i = waiting.shift()) others.push(await joins(i));
  };
  await Promise.all([next(), next(), next(), next()]);
  t.diagnostic(`${others.length} people joined in ${((Date.now() - began) / 1000).toFixed(1)} s`);
  await wall.getByText(`${learners} of ${learners}`).waitFor();
  const late = newLearner();
  const page = await late.page(await late.post(`${stack.issuer}/join`, { code }));
  assert.deepEqual([page.page, page.error.code], ['join', 'workshop_full']);
});

test('it is closed: the Hub is told, the wall says so, and who comes back learns why', async (t) => {
  assert.ok(await hub.knows(phone));
  await stack.gatehouse(['workshop', 'close', 'surf2027']);
  const took = await within(60, 'the Hub hears of it', async () => !await hub.knows(phone));
  t.diagnostic(`closed to told: ${took.toFixed(1)} s`);
  await wall.getByText('The workshop ended on').waitFor();
  const { username, phrase } = others[0];
  const back = await browser.newPage();
  await browser.watched('back', back, async () => {
    await back.goto(`${stack.issuer}/account`);
    await back.fill('input[name=username]', username);
    await back.fill('input[name=password]', phrase);
    await back.click('main button[type=submit] >> nth=0');
    await back.waitForSelector('main [role=alert]');
    assert.match(await back.innerText('main [role=alert]'), /The workshop surf2027 ended on/);
  });
});

test('the report has everybody, and nobody’s phrase is in a log', async () => {
  const report = JSON.parse(await stack.gatehouse(['workshop', 'report', 'surf2027', '--json']));
  assert.equal(report.length, learners);
  assert.deepEqual([...new Set(report.map(({ state }) => state))], ['ended']);
  const ada = report.find(({ username }) => username === 'surf-ada');
  assert.deepEqual([ada.home, ada.name], ['surf-ada', 'Ada']);
  assert.ok(ada.last_sign_in_at);
  assertNoneIn(stack.logs(), browser.secrets);
});
