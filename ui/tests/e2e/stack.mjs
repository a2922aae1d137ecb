// The real thing for a test file: api/cmd/dev with free ports and a state folder of the file's own. Postgres runs apart, so
// that it can be stopped and started again below a running API.
import { execFile, spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';

export const root = join(import.meta.dirname, '../../..');
const dev = join(root, '.cache/bin/dev');
const gatehouse = join(root, '.cache/bin/gatehouse');

// Below the ports that the kernel gives to whoever does not choose (32768 and up): one of those may be given away again before
// it is listened on. Who listens on the first port of a hundred has the others, so that files side by side are given different ones.
let nextPort, lastPort = -1;

/** Listens on a port; returns the server, or undefined where it is taken. */
const tryPort = (port) => new Promise((resolve) => {
  const server = createServer();
  server.on('error', () => resolve(undefined)).listen(port, '127.0.0.1', () => resolve(server));
});

/** Takes a hundred ports for this process, until it ends. */
async function takePorts() {
  for (let tries = 0, block = process.pid; tries < 120; tries += 1, block += 1) {
    const first = 20_000 + (block % 120) * 100;
    const server = await tryPort(first);
    if (!server) continue;
    server.unref();
    [nextPort, lastPort] = [first + 1, first + 99];
    return;
  }
  throw new Error('All ports from 20000 to 31999 are taken');
}

/** Returns ports that nobody listens on, each given once. */
export async function freePorts(n) {
  const ports = [];
  while (ports.length < n) {
    if (nextPort === undefined || nextPort > lastPort) await takePorts();
    const port = nextPort;
    nextPort += 1;
    const server = await tryPort(port);
    if (!server) continue;
    await new Promise((closed) => { server.close(closed); });
    ports.push(port);
  }
  return ports;
}

/** Runs a program until its output has `ready`; `text()` is all it said, `stop()` gives its exit code. */
export async function program(command, args, env, ready, { group = false, seconds = 180 } = {}) {
  const child = spawn(command, args, { cwd: root, env: { ...process.env, ...env }, detached: group, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => { text += data; });
  const exited = new Promise((resolve) => { child.on('close', (code, signal) => resolve(code ?? signal)); });
  let ended = false;
  exited.then(() => { ended = true; });
  for (const end = Date.now() + seconds * 1000; !ready.test(text); await new Promise((r) => { setTimeout(r, 50); })) {
    if (ended) throw new Error(`${command} ${args.join(' ')} ended:\n${text}`);
    if (Date.now() > end) {
      child.kill();
      throw new Error(`${command} ${args.join(' ')} does not get ready:\n${text}`);
    }
  }
  return {
    pid: child.pid,
    exited,
    text: () => text,
    // Some programs of others hang now and then when they are told to end: JupyterLab, at a lock of its own.
    stop: (signal = 'SIGTERM') => {
      const send = (which) => { if (group) process.kill(-child.pid, which); else child.kill(which); };
      send(signal);
      const patience = setTimeout(send, 60_000, 'SIGKILL');
      return exited.finally(() => { clearTimeout(patience); });
    },
  };
}

/** Starts Postgres, the API, the UI and, unless hub is false, JupyterHub. */
export async function startStack(name, { hub = true, env = {} } = {}) {
  const state = join(root, '.cache/e2e', name);
  rmSync(state, { recursive: true, force: true });
  mkdirSync(state, { recursive: true });
  const [apiPort, uiPort, hubPort] = await freePorts(3);
  const startPostgres = (...flags) => program(dev, [...flags, 'postgres'],
    { DATABASE_URL: '', DEV_STATE: join(state, 'database') }, /^postgres:.*\n/m);
  let postgres = await startPostgres('--fresh');
  const variables = {
    ...env, DATABASE_URL: postgres.text().trim(), DEV_STATE: join(state, 'dev'), DEV_HUB: hub ? 'yes' : 'no',
    DEV_API_PORT: String(apiPort), DEV_UI_PORT: String(uiPort), DEV_HUB_PORT: String(hubPort),
  };
  const main = await program(dev, [], variables, /Ctrl-C stops everything/).catch(async (e) => {
    await postgres.stop();
    throw e;
  });
  const issuer = `http://localhost:${apiPort}`;
  const uiOrigin = `http://localhost:${uiPort}`;
  const settings = { ...process.env, ...env, DATABASE_URL: variables.DATABASE_URL, GATEHOUSE_ISSUER: issuer, GATEHOUSE_UI_ORIGIN: uiOrigin,
    GATEHOUSE_ENCRYPTION_KEY_FILE: join(state, 'dev/encryption_key') };
  let migrations = 0;
  return {
    state, issuer, ui: uiOrigin, hub: `http://localhost:${hubPort}`,
    /** The environment in which an operator runs `gatehouse`. */
    settings,
    /** Runs the command line as an operator would, with `input` on its standard input; returns what it printed, as its error does. */
    gatehouse: (args, input = '') => new Promise((resolve, reject) => {
      const child = execFile(gatehouse, args, { env: settings }, (error, stdout, stderr) => {
        if (error) reject(Object.assign(new Error(`gatehouse ${args.join(' ')}: ${stderr}`), { code: error.code, stdout }));
        else resolve(stdout);
      });
      child.stdin.on('error', () => {}).end(input); // a command that reads none may have ended
    }),
    /** What an operator's own migration does; a moment later the API has heard of it. */
    async sql(statements) {
      const folder = join(state, 'migrations');
      mkdirSync(folder, { recursive: true });
      migrations += 1;
      writeFileSync(join(folder, `${String(migrations).padStart(5, '0')}_test.sql`), `-- +goose Up\n${statements}\n`);
      await promisify(execFile)(gatehouse, ['migrate', '--dir', folder], { env: settings });
      await new Promise((heard) => { setTimeout(heard, 1000); });
    },
    async stopPostgres() { await postgres.stop(); },
    async startPostgres() { postgres = await startPostgres(); },
    /** Everything that anything of this stack wrote to a log or to its terminal, by file. */
    logs() {
      const folder = join(state, 'dev/logs');
      appendFileSync(join(folder, 'terminal.log'), main.text());
      const files = [...readdirSync(folder).map((file) => join(folder, file)), ...postgresLogs(join(state, 'database/postgres'))];
      return new Map(files.map((file) => [file, readFileSync(file, 'utf8')]));
    },
    /** The exit code of api/cmd/dev. */
    async stop(signal) {
      const code = await main.stop(signal);
      await postgres.stop();
      forget(join(state, 'database/postgres'));
      return code;
    },
    pid: main.pid,
  };
}

function postgresLogs(folder) {
  const note = join(folder, 'elsewhere'); // root's server may have its data in another place (api/devdb)
  const place = existsSync(note) ? readFileSync(note, 'utf8').trim() : folder;
  return readdirSync(place).filter((name) => name.endsWith('.log')).map((name) => join(place, name));
}

/** Deletes the databases of a stopped server, 50 MB each, and keeps its log. */
export function forget(folder) {
  for (const name of readdirSync(folder)) if (/^postgres-\d+$/.test(name)) rmSync(join(folder, name), { recursive: true });
}

/** Returns the processes whose command line or environment names this folder, or something in it. */
export function processesOf(folder) {
  const found = [];
  const names = new RegExp(`${folder.replaceAll(/[^\w/]/g, '\\$&')}(?![\\w-])`); // hub is not hub-logout

  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)) {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
      if (names.test(command + environment)) found.push(`${pid} ${command.replaceAll('\0', ' ')}`);
    } catch { /* it has ended, or is another user's */ }
  }
  return found;
}
