// Installs and builds what `npm start` and `npm test` run, each part only when it is stale. Node's own modules only: on a
// fresh clone there are no others yet.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { progress } from './progress.mjs';

export const root = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');
const cache = join(root, '.cache');
const requirements = join(root, 'api/cmd/dev/requirements.txt');

/** What a person can act on: printed as it is, without a stack. */
export class Problem extends Error {}

/** Installs and builds everything; returns why JupyterHub is left out, or ''. */
export async function install({ hub = true } = {}) {
  checkTools();
  mkdirSync(cache, { recursive: true });
  const [, , without] = await Promise.all([npmPackages().then(ui), program(), hub ? jupyterHub() : 'DEV_HUB=no']);
  return without;
}

function checkTools() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    throw new Problem(`Node.js 20.19 or later is needed, this is ${process.version}: https://nodejs.org/en/download`);
  }
  // Go from 1.21 on fetches the version that go.mod asks for.
  const go = spawnSync('go', ['env', 'GOVERSION'], { cwd: root, encoding: 'utf8', env: { ...process.env, GOFLAGS: '' } });
  const [, goMajor, goMinor] = (go.stdout || '').match(/^go(\d+)\.(\d+)/) || [];
  if (go.error) throw new Problem('Go 1.26 or later is needed and there is none on the PATH: https://go.dev/doc/install');
  if (!(Number(goMajor) >= 1 && Number(goMinor) >= 26)) {
    const says = (go.stdout || go.stderr).trim().split('\n')[0];
    throw new Problem(`Go 1.26 or later is needed: https://go.dev/doc/install (this one says: ${says})`);
  }
}

export async function npmPackages() {
  const stamp = join(root, 'node_modules/.gatehouse');
  const wanted = digest([join(root, 'package-lock.json'), join(root, '.npmrc')]) + process.version;
  if (read(stamp) === wanted) return;
  await run('Installing npm packages', 'npm', ['ci', '--include=dev', '--include=optional'],
    'npm could not install its packages: check the network, and try again');
  writeFileSync(stamp, wanted);
}

async function ui() {
  const stamp = join(cache, 'ui.stamp');
  const parts = ['index.html', 'admin', 'public', 'src', 'vite.config.ts', 'precompress.ts'];
  const sources = parts.flatMap((name) => files(join(root, 'ui', name)));
  const wanted = digest([...sources, join(root, 'package-lock.json')]);
  if (read(stamp) === wanted && existsSync(join(root, 'ui/dist/index.html'))) return;
  for (const [label, folder] of [['Building the UI', 'ui'], ['Building the pages for administrators', 'ui/admin']]) {
    await run(label, process.execPath, ['node_modules/vite/bin/vite.js', 'build', folder], 'The UI could not be built');
  }
  writeFileSync(stamp, wanted);
}

async function program() {
  // Go's own stamp of the commit fails the build where git refuses the checkout, as one that belongs to somebody else.
  const git = spawnSync('git', ['describe', '--always', '--dirty', '--abbrev=40', '--exclude=*'], { cwd: root, encoding: 'utf8' });
  const commit = git.status === 0 ? git.stdout.trim() : '';
  await run('Building the API', 'go', ['build', '-buildvcs=false', '-ldflags', `-X main.commit=${commit}`, '-o', '.cache/bin/',
    './api/cmd/gatehouse', './api/cmd/dev'],
    'The API could not be built: if a module could not be fetched, check the network, and try again', { CGO_ENABLED: '0' });
}

/** JupyterHub in a virtual environment of its own; returns why it is left out, or ''. */
const jupyterHub = () => pythonEnvironment('venv', 'JupyterHub', [requirements],
  'check the network and try again, or start without it: DEV_HUB=no npm start');

/** What the tests sign in to: the Hub, and with everything that a folder of deploy asks for, but what is too old for the rest. */
export async function relyingParties() {
  const asked = readdirSync(join(root, 'deploy')).map((folder) => join(root, 'deploy', folder, 'requirements.txt')).filter(existsSync);
  return await jupyterHub()
    || await pythonEnvironment('venv-relying-parties', 'the relying parties', [requirements, ...asked])
    || await pythonEnvironment('venv-classic-notebook', 'the classic notebook', [join(root, 'deploy/notebook/classic/requirements.txt')]);
}

/** Finds or installs a Chromium; returns its path. */
export const browser = async () => (await run('Looking for Chromium', process.execPath, ['ui/tests/chromium.mjs'],
  'There is no Chromium to test with')).trim().split('\n').at(-1);

/** The web servers and oauth2-proxy, as root on Debian; the tests of what is missing then are left out, and say why. */
export const webServers = async () => {
  await run('Looking for web servers', process.execPath, ['deploy/tests/install.mjs'], 'The web servers could not be looked for');
};

/** A virtual environment below .cache; returns why it could not be made on this machine, or ''. */
async function pythonEnvironment(name, what, lists, advice = 'check the network and try again') {
  const venv = join(cache, name);
  const found = spawnSync('python3', ['-c', 'import sys; print(*sys.version_info[:2])'], { encoding: 'utf8' });
  if (found.status !== 0) return 'there is no python3: install Python 3.10 or later (as root: apt-get install python3-venv)';
  const python = found.stdout.trim();
  if (Number(python.split(' ')[1]) < 10) return `Python 3.10 or later is needed, this is ${python.replace(' ', '.')}`;
  const present = lists.filter(existsSync);
  if (present.length === 0) return '';
  const stamp = join(venv, '.gatehouse');
  const wanted = `${python}\n${present.map((path) => readFileSync(path, 'utf8')).join('')}`;
  if (read(stamp) === wanted) return '';
  if (spawnSync('python3', ['-c', 'import ensurepip, venv']).status !== 0) {
    const apt = process.getuid() === 0 && spawnSync('apt-get', ['--version']).status === 0;
    if (!apt) return 'Python has no venv module: install it (as root: apt-get install python3-venv)';
    const failed = 'apt-get could not install python3-venv: check the network, and try again';
    await run('Updating the list of packages', 'apt-get', ['update'], failed);
    await run('Installing python3-venv', 'apt-get', ['install', '-y', '--no-install-recommends', 'python3-venv'], failed,
      { DEBIAN_FRONTEND: 'noninteractive' });
  }
  rmSync(venv, { recursive: true, force: true });
  await run('Making a virtual environment', 'python3', ['-m', 'venv', venv], 'python3 could not make a virtual environment');
  await run(`Installing ${what}`, join(venv, 'bin/python'),
    ['-m', 'pip', 'install', '--disable-pip-version-check', '--no-input', ...present.flatMap((path) => ['-r', path])],
    `pip could not install ${what}: ${advice}`);
  writeFileSync(stamp, wanted);
  return '';
}

/**
 * Runs a command; its last lines are shown only if it fails, under one line that says what to do. It has a group of its own, which ends
 * with us and at once: npm would go on for seconds after Ctrl-C, to put back what was there, and be in the way of the next start.
 */
function run(label, command, args, failure, env = {}) {
  const done = progress(label);
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], detached: true, env: { ...process.env, ...env } });
    let out = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (d) => { out = (out + d).slice(-20_000); });
    const kill = () => {
      try { process.kill(-child.pid, 'SIGKILL'); } catch { /* it has ended */ }
    };
    const end = () => process.exit(130); // a signal alone would not have `exit`
    process.on('exit', kill);
    for (const signal of signals) process.on(signal, end);
    child.on('error', (e) => { out += e.message; });
    child.on('close', (code) => {
      process.off('exit', kill);
      for (const signal of signals) process.off(signal, end);
      done(code === 0);
      if (code === 0) resolve(out);
      else reject(new Problem(`${failure}.\n  ${out.trim().split('\n').slice(-12).join('\n  ')}`));
    });
  });
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const read = (path) => (existsSync(path) ? readFileSync(path, 'utf8') : undefined);

function files(path) {
  if (!existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { recursive: true }).map((name) => join(path, name)).filter((p) => statSync(p).isFile()).sort();
}

function digest(paths) {
  const sum = createHash('sha256');
  for (const path of paths) sum.update(`${path.slice(root.length)}\0`).update(readFileSync(path));
  return sum.digest('hex');
}

// Run by itself, for .ci/kit: everything but JupyterHub.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await install({ hub: false }).catch((e) => {
    console.error(e instanceof Problem ? e.message : e);
    process.exit(1);
  });
}
