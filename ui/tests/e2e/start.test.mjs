// What `npm start` itself does: at a port in use, without Python, at Ctrl-C, and when it is killed.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, test } from 'node:test';
import { forget, freePorts, processesOf, program, root } from './stack.mjs';

const base = join(root, '.cache/e2e/start');
const links = mkdtempSync(join(tmpdir(), 'gatehouse-path-'));
after(() => rmSync(links, { recursive: true }));

const ready = /Ctrl-C stops everything/;
const started = [];
after(async () => {
  for (const run of started) {
    try { await run.stop('SIGTERM'); } catch { /* it has ended */ }
    forget(join(run.state, 'postgres'));
  }
});

/** Runs npm start as the leader of a process group, as a shell with a terminal does. */
async function npmStart(name, env = {}) {
  const state = join(base, name);
  rmSync(state, { recursive: true, force: true });
  mkdirSync(state, { recursive: true });
  const [api, ui, hub] = await freePorts(3);
  const variables = {
    DATABASE_URL: '', DEV_STATE: state, DEV_API_PORT: String(api), DEV_UI_PORT: String(ui), DEV_HUB_PORT: String(hub), ...env,
  };
  const run = await program('npm', ['start'], variables, ready, { group: true });
  started.push({ ...run, state });
  return { ...run, state, issuer: `http://localhost:${variables.DEV_API_PORT}`, hub: `http://localhost:${hub}` };
}
async function nothingLeft(state) {
  for (const end = Date.now() + 20_000; processesOf(state).length && Date.now() < end;) await new Promise((r) => { setTimeout(r, 100); });
  assert.deepEqual(processesOf(state), []);
}

test('Ctrl-C stops everything, with exit code 0, and the next start finds its rows', async () => {
  const first = await npmStart('again', { DEV_HUB: 'no' });
  const keys = await (await fetch(`${first.issuer}/jwks`)).text();
  assert.equal(await first.stop('SIGINT'), 0);
  await nothingLeft(first.state);
  const second = await program('npm', ['start'], {
    DATABASE_URL: '', DEV_HUB: 'no', DEV_STATE: first.state,
    DEV_API_PORT: new URL(first.issuer).port, DEV_UI_PORT: String(await freePorts(1)),
  }, ready, { group: true });
  started.push({ ...second, state: first.state });
  assert.equal(await (await fetch(`${first.issuer}/jwks`)).text(), keys);
  assert.equal(await second.stop('SIGINT'), 0);
});

test('without Python it says so in one line and brings up the rest', async () => {
  for (const dir of process.env.PATH.split(delimiter)) {
    let names = [];
    try { names = readdirSync(dir); } catch { /* not there */ }
    for (const name of names.filter((n) => !n.startsWith('python'))) {
      try { symlinkSync(join(dir, name), join(links, name)); } catch { /* an earlier folder has it */ }
    }
  }
  const run = await npmStart('no-python', { PATH: links });
  assert.match(run.text(), /^JupyterHub is left out: there is no python3.*apt-get install python3-venv/m);
  assert.equal((await fetch(`${run.issuer}/readyz`)).status, 200);
  assert.equal(await run.stop('SIGINT'), 0);
  await nothingLeft(run.state);
});

test('a port in use is one line that names it and its variable, before anything is started', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => { server.on('listening', resolve); });
  const port = String(server.address().port);
  try {
    for (const variable of ['DEV_API_PORT', 'DEV_UI_PORT', 'DEV_HUB_PORT']) {
      const failure = await npmStart('port', { [variable]: port }).then(() => '', (e) => e.message);
      const lines = failure.split('\n').filter((line) => line.includes(port));
      assert.equal(lines.length, 1, failure);
      assert.match(lines[0], new RegExp(`^Port ${port} is in use.*${variable}=\\d+ npm start$`));
      assert.doesNotMatch(failure, /Starting/);
    }
    assert.deepEqual(readdirSync(join(base, 'port')), []);
  } finally {
    server.close();
  }
});

test('it says what of the environment is left out, how to manage it, and to a second start that it runs already', async () => {
  const run = await npmStart('manage', { DEV_HUB: 'no', GATEHOUSE_UI_ORIGIN: 'https://elsewhere.example.org' });
  assert.match(run.text(), /^GATEHOUSE_UI_ORIGIN of your environment is left out: .*DEV_UI_ORIGIN changes it$/m);
  assert.match(run.text(), /^ {2}Manage {6}npm run gatehouse -- user list$/m);
  const npm = (state, ...args) => spawnSync('npm', ['run', '--silent', 'gatehouse', '--', ...args],
    { encoding: 'utf8', env: { PATH: process.env.PATH, HOME: process.env.HOME, DEV_STATE: state } });
  assert.match(npm(run.state, 'user', 'list').stdout, /^alice /m);
  assert.equal(npm(run.state, 'group', 'add', 'staff', '--description', "It's ours").stdout, 'added group staff\n');
  assert.equal(npm(run.state, 'user', 'frobnicate').status, 2);
  assert.match(npm('/nowhere', 'user', 'list').stderr, /run npm start first/);
  const [, file] = run.text().match(/^ {2}SQL {9}\. (\S+), then: psql/m);
  const shell = (script) => execFileSync('sh', ['-c', `. ${file}; ${script}`], { encoding: 'utf8', env: { PATH: process.env.PATH } });
  assert.match(shell('gatehouse user list'), /^alice /m);
  assert.match(shell('echo "$DATABASE_URL"'), /^postgres/);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const again = await program('npm', ['start'], {
    DATABASE_URL: '', DEV_HUB: 'no', DEV_STATE: run.state, DEV_API_PORT: new URL(run.issuer).port, DEV_UI_PORT: String(await freePorts(1)),
  }, ready, { group: true }).then(() => '', (e) => e.message);
  assert.match(again, /^npm start runs already with the state in /m);
  assert.doesNotMatch(again, /is in use/);
  assert.equal(await run.stop('SIGINT'), 0);
});

test('killed, it leaves nothing behind', async () => {
  const run = await npmStart('killed');
  assert.equal((await fetch(`${run.hub}/hub/health`)).status, 200);
  const [dev] = processesOf(run.state).filter((line) => line.includes('.cache/bin/dev')).map((line) => Number(line.split(' ')[0]));
  process.kill(dev, 'SIGKILL');
  await run.exited;
  await nothingLeft(run.state);
});

test('without its parents it stops too', async () => {
  const run = await npmStart('orphaned', { DEV_HUB: 'no' });
  process.kill(run.pid, 'SIGKILL');
  await nothingLeft(run.state);
});
