// What `npm start` does before anything of ours is there, in a folder that has its first scripts alone.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from './stack.mjs';

const alive = (pid) => {
  try { return process.kill(pid, 0); } catch { return false; }
};
const until = async (what, holds) => {
  for (let tries = 0; !holds(); tries += 1) {
    assert.ok(tries < 600, what);
    await new Promise((resolve) => { setTimeout(resolve, 50); });
  }
};

test('Ctrl-C while npm installs its packages ends npm, however long it would go on', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-install-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(join(root, 'api/cmd/dev'), join(folder, 'api/cmd/dev'), { recursive: true });
  for (const name of ['package-lock.json', '.npmrc']) cpSync(join(root, name), join(folder, name));
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  const command = (name, script) => {
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(bin, name), 0o755);
  };
  const pids = join(folder, 'pids');
  command('npm', `trap '' INT TERM HUP\nsleep 600 & echo $$ $! > ${pids}.part; mv ${pids}.part ${pids}\nwait\nwhile :; do sleep 1; done`);
  command('go', '[ "$1" = env ] && { echo go1.26.0; exit; }\nexec sleep 600');
  for (const signal of ['SIGINT', 'SIGTERM']) {
    rmSync(pids, { force: true });
    const start = spawn(process.execPath, [join(folder, 'api/cmd/dev/start.mjs')], {
      env: { ...process.env, DEV_HUB: 'no', PATH: `${bin}:${process.env.PATH}` }, stdio: 'ignore',
    });
    const ended = new Promise((resolve) => { start.on('exit', resolve); });
    await until('npm does not start', () => existsSync(pids));
    const children = readFileSync(pids, 'utf8').trim().split(' ').map(Number);
    start.kill(signal);
    await ended;
    await until(`npm goes on after ${signal}`, () => !children.some(alive));
  }
});
