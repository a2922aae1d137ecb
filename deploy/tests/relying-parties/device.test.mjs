// Sign-in from a terminal with the device flow, as docs/recipes/device-flow.md says.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { arrived, assertNoneIn } from '../../../ui/tests/e2e/browser.mjs';
import { freePorts } from '../../../ui/tests/e2e/stack.mjs';
import { makeCertificates } from '../certificates.mjs';
import { path, startDevices } from './device.mjs';
import { root } from './environment.mjs';

let all, stack, browser, page, folder, screen;
before(async () => {
  all = await startDevices('device');
  ({ stack, browser, page, folder } = all);
  screen = await browser.newPage();
});
after(() => all?.stop());

const quoted = (words) => assert.ok(page.text.includes(words), `the page does not quote: ${words}`);

/** A program in a terminal, or without one; what it says is text(), and its standard output apart. */
function terminal(block, env = {}) {
  const child = spawn('bash', ['-euc', block], {
    cwd: root, env: { ...stack.settings, PATH: path, PYTHONPATH: folder, ...env }, detached: true,
  });
  let out = '', err = '';
  child.stdout.on('data', (data) => { out += data; });
  child.stderr.on('data', (data) => { err += data; });
  const exited = new Promise((resolve) => { child.on('close', resolve); });
  return {
    exited,
    out: () => out,
    text: () => err,
    interrupt: () => process.kill(-child.pid, 'SIGINT'),
    async says(pattern, seconds = 30) {
      for (const end = Date.now() + seconds * 1000; !pattern.test(err); await new Promise((r) => { setTimeout(r, 50); })) {
        assert.ok(Date.now() < end, `it does not say ${pattern}:\n${err}`);
      }
      return err.match(pattern);
    },
  };
}
const inTerminal = (env) => terminal(page.block('sh', 2), env);

/** The link and the code that it shows. */
async function shown(asked) {
  const [, link, code] = await asked.says(/open\n\n {4}(\S+)\n[^]*\n {4}([B-Z]{4}-[B-Z]{4})\n/);
  browser.secrets.set(code, 'user code');
  return { link, code };
}

test('the link and the code appear, and once allowed userinfo knows who it is', () => browser.watched('terminal', screen, async () => {
  const asked = inTerminal();
  const { link, code } = await shown(asked);
  assert.equal(link, `${stack.ui}/device?user_code=${code}`);
  await screen.goto(link);
  await screen.screenshot(all.picture('page-device'));
  assert.deepEqual(await browser.violations(screen), []);
  await all.follow(screen, link, code, { password: true });
  await screen.screenshot(all.picture('page-consent'));
  assert.deepEqual(await browser.violations(screen), []);
  await all.answer(screen, 'yes');
  await screen.screenshot(all.picture('page-done'));
  assert.deepEqual(await browser.violations(screen), []);
  assert.equal(await asked.exited, 0, asked.text());
  assert.equal(JSON.parse(asked.out()).preferred_username, 'alice');
  assert.match(asked.text(), /Signed in as alice\./);
  assert.doesNotMatch(asked.text(), /eyJ/);
  await browser.rememberCookies(screen, stack.issuer);
}));

test('the second time needs no password, but somebody has to allow it again', () => browser.watched('again', screen, async () => {
  const asked = inTerminal();
  const { link, code } = await shown(asked);
  await all.follow(screen, link, code);
  await all.answer(screen, 'yes');
  assert.equal(await asked.exited, 0, asked.text());
}));

test('a wrong code is said to be one; the right one may be typed in any way', () => browser.watched('typed', screen, async () => {
  const asked = inTerminal();
  const { code } = await shown(asked);
  await screen.goto(`${stack.ui}/device`);
  await screen.fill('input[name=user_code]', 'bcdf ghjk');
  await screen.click('button[type=submit]');
  await screen.waitForSelector('[role=alert]');
  quoted('No device is waiting with this code');
  assert.match(await screen.innerText('[role=alert]'), /No device is waiting with this code/);
  await screen.screenshot(all.picture('page-wrong-code'));
  await screen.fill('input[name=user_code]', ` ${code.toLowerCase().replace('-', ' ')}`);
  await all.toConsent(screen, code);
  await all.answer(screen, 'yes');
  assert.equal(await asked.exited, 0, asked.text());
}));

test('what is denied ends the waiting, and tells why', () => browser.watched('denied', screen, async () => {
  const asked = inTerminal();
  const { link, code } = await shown(asked);
  await all.follow(screen, link, code);
  await all.answer(screen, 'no');
  await screen.screenshot(all.picture('page-denied'));
  assert.notEqual(await asked.exited, 0);
  assert.match(asked.text(), /The person who opened the link did not allow it\./);
  assert.equal(asked.out(), '');
}));

test('an expired code ends the waiting, and the browser says so, too', () => browser.watched('expired', screen, async () => {
  const asked = inTerminal();
  const { link, code } = await shown(asked);
  await all.follow(screen, link, code);
  await stack.sql('UPDATE device_codes SET expires_at = now();');
  await screen.click('button[name=consent][value=yes]');
  await arrived(screen, `${stack.ui}/error`);
  assert.match(await screen.innerText('main'), /waited for too long/);
  await screen.screenshot(all.picture('page-expired'));
  assert.notEqual(await asked.exited, 0);
  assert.match(asked.text(), /The code has expired before anybody answered/);
  quoted('The code has expired before anybody answered');
}));

test('it polls as slowly as it is told to', () => browser.watched('slow', screen, async () => {
  const asked = inTerminal();
  const { link, code } = await shown(asked);
  await stack.sql("UPDATE device_codes SET polled_at = now() + interval '1 hour' WHERE allowed IS NULL;"); // so the next is too soon
  await new Promise((r) => { setTimeout(r, 7_000); });
  await all.follow(screen, link, code);
  await all.answer(screen, 'yes');
  assert.equal(await asked.exited, 0, asked.text());
  assert.ok([...stack.logs().values()].some((text) => text.includes('slow_down')), 'it was never told');
}));

test('Ctrl-C ends it in a sentence; while somebody looks at it, the seconds move', async () => {
  const command = ['python3', join(folder, 'gatehouse_device.py'), stack.issuer, 'notebook'];
  const pty = `import pty; pty.spawn(${JSON.stringify(command)})`;
  const asked = terminal(`exec python3 -c '${pty}' <<<"" 1>&2`);
  await asked.says(/\r\[#+ *\] 9:5\d left[^]*\r\[#+ *\] 9:5\d left/);
  asked.interrupt();
  await asked.exited;

  const quiet = inTerminal();
  await shown(quiet);
  quiet.interrupt();
  assert.notEqual(await quiet.exited, 0);
  assert.match(quiet.text(), /Stopped\. Nobody has signed in here/);
  assert.doesNotMatch(quiet.text(), /Traceback|left/);
});

test('where many wait just now it waits, too', async () => {
  const first = inTerminal();
  await shown(first);
  first.interrupt();
  await stack.sql(`INSERT INTO device_codes (device_code_sha256, user_code_hmac, network_hmac, grant_id, client_id, offline, scope,
      poll_interval, expires_at)
    SELECT gen_random_bytes(32), gen_random_bytes(32), network_hmac, gen_random_uuid(), client_id, offline, scope, poll_interval, expires_at
    FROM device_codes, generate_series(1, 100) WHERE allowed IS NULL;`);
  const asked = inTerminal();
  await asked.says(/Many people are signing in just now/);
  quoted('Many people are signing in just now');
  await stack.sql('DELETE FROM device_codes;');
  await shown(asked);
  asked.interrupt();
  await asked.exited;
});

test('a token is refreshed and revoked when asked, and is never pickled', () => browser.watched('refreshed', screen, async () => {
  const asked = terminal(`exec python3 - <<'EOF'
import json, pickle, urllib.error, urllib.request
from gatehouse_device import SignInError, sign_in
token = sign_in("${stack.issuer}", "notebook-by-sql", scope="openid offline_access")
def userinfo(bearer):
    try:
        request = urllib.request.Request("${stack.issuer}/userinfo", headers={"Authorization": "Bearer " + bearer})
        return urllib.request.urlopen(request).status
    except urllib.error.HTTPError as e:
        return e.code
first = token.access_token
token.refresh()
second = token.access_token
try:
    kept = pickle.dumps(token)
except TypeError as e:
    kept = str(e)
before = userinfo(second)
token.revoke()
try:
    token.access_token
except SignInError as e:
    over = str(e)
print(json.dumps([first != second, before, userinfo(second), kept, over, repr(token)]))
EOF`);
  const { link, code } = await shown(asked);
  await all.follow(screen, link, code);
  await all.answer(screen, 'yes');
  assert.equal(await asked.exited, 0, asked.text());
  const [differs, good, revoked, kept, over, repr] = JSON.parse(asked.out());
  assert.deepEqual([differs, good, revoked], [true, 200, 401]);
  assert.match(kept, /not saved/);
  assert.match(over, /sign_in again/);
  assert.match(repr, /hidden/);
  assert.doesNotMatch(repr, /eyJ/);
}));

test('a client that is not registered for it, another issuer, plain http and nobody there are said in a sentence', async () => {
  await stack.gatehouse(['client', 'add', 'web', '--public', '--redirect-uri', 'https://web.example.org/cb']);
  const [nobody] = await freePorts(1);
  for (const [args, words] of [[`${stack.issuer} web`, 'unauthorized_client'], [`${stack.issuer}/other notebook`, 'is no issuer'],
    ['http://api.example.org notebook', 'The issuer must be an https:// address'],
    [`http://localhost:${nobody} notebook`, 'No answer from']]) {
    const asked = terminal(`python3 ${folder}/gatehouse_device.py ${args}`);
    assert.notEqual(await asked.exited, 0);
    assert.match(asked.text(), new RegExp(words));
    assert.doesNotMatch(asked.text(), /Traceback/);
  }
  for (const words of ['unauthorized_client', 'The issuer must be an https:// address']) quoted(words);
});

test('an authority of your own has to be trusted', async () => {
  const certificates = join(stack.state, 'certificates');
  mkdirSync(certificates);
  const { ca, key, fullchain } = makeCertificates(certificates, ['localhost']);
  const server = createServer({ key: readFileSync(key), cert: readFileSync(fullchain) },
    (_, response) => response.end(JSON.stringify({ issuer: `https://localhost:${server.address().port}` })));
  await new Promise((done) => { server.listen(0, 'localhost', done); });
  const ask = (env) => terminal(`python3 ${folder}/gatehouse_device.py https://localhost:${server.address().port} notebook`, env);
  const strange = ask({});
  await strange.exited;
  assert.match(strange.text(), /The certificate of localhost:\d+ is not trusted .*SSL_CERT_FILE/);
  const trusted = ask({ SSL_CERT_FILE: ca });
  await trusted.exited;
  assert.match(trusted.text(), /has no device flow/);
  server.close();
});

test('no token, code or cookie is in a log', () => {
  assert.ok([...browser.secrets.values()].includes('user code') && [...browser.secrets.values()].some((what) => what.startsWith('cookie')));
  assertNoneIn(stack.logs(), browser.secrets);
  for (const [file, text] of stack.logs()) assert.doesNotMatch(text, /eyJ[\w-]{20}/, `a token in ${file}`);
});
