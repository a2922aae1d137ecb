// Runs the test files of ui/tests and deploy/tests, each in a process of its own, several side by side.
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { basename } from 'node:path';
import { root } from './install.mjs';
import { progress } from './progress.mjs';

// ms for a file: what hangs fails, rather than stop everything. A package is tried in a Debian that is downloaded for it.
const patience = 40 * 60 * 1000;

// They wait for programs to start and for the clocks of clients. One more than there are cores leaves none of two idle; more than that
// make each other slower, until one waits in vain.
const sideBySide = Math.min(6, availableParallelism() + 1);

// The longest begin first, so that none of them is alone at the end.
const longest = ['pages', 'faults', 'hub-class', 'hub-ends', 'device-jupyterlab', 'hub-workshop', 'libraries', 'hub-course',
  'token-exchange', 'django', 'hub-refresh', 'hub', 'sign-up', 'mail', 'hub-posix', 'mcp', 'classic-notebook', 'hub-logout',
  'oauth2-proxy', 'device', 'upstream'];

/** Runs the files in the environment `env`; `done` gets a file, what it printed, its exit code, and the ms that it took. */
export async function runFiles(files, env, done) {
  const first = longest.flatMap((name) => files.filter((file) => basename(file, '.test.mjs') === name));
  const waiting = [...new Set([...first, ...files])];
  await Promise.all(Array.from({ length: sideBySide }, async () => {
    for (let file = waiting.shift(); file; file = waiting.shift()) {
      const since = Date.now();
      const command = [process.execPath, '--test', '--test-reporter=tap', `--test-timeout=${patience}`, file];
      const { out, code } = await output(file, command, env);
      done(file, out, code, Date.now() - since);
    }
  }));
}

/** Runs a command to its end, with its name shown meanwhile; returns what it printed and its exit code. */
export async function output(name, [command, ...args], env) {
  const ended = progress(name);
  const result = await new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, env: { ...env, NO_COLOR: '1' }, stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => chunks.push(data));
    child.on('error', (e) => chunks.push(Buffer.from(e.message)));
    child.on('close', (code, signal) => {
      if (signal) chunks.push(Buffer.from(`\nended by ${signal}\n`));
      resolve({ out: Buffer.concat(chunks).toString(), code });
    });
  });
  ended(false);
  return result;
}
