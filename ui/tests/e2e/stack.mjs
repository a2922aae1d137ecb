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
// it is listened on. Files that run side by side begin at different ones.
let nextPort = 20_000 + (process.pid % 120) * 100;

/** Ports that nobody listens on, each given once. */
export async function freePorts(n) {
  const ports = [];
  while (ports.length < n) {
    const port = nextPort;
    nextPort += 1;
    const server = createServer();
    const free = await new Promise((resolve) => {
      server.on('error', () => resolve(false)).listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
    });
    if (free) ports.push(port);
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
    /** Runs the command line as an operator would, with `input` on its standard input; gives what it printed. */
    gatehouse: (args, input = '') => new Promise((resolve, reject) => {
      const child = execFile(gatehouse, args, { env: settings }, (error, stdout, stderr) => {
        if (error) reject(new Error(`gatehouse ${args.join(' ')}: ${stderr}`));
        else resolve(stdout);
      });
      child.stdin.on('error', () => {}).end(input); // a command that reads none may have ended
    }),
    /** What an operator's own migration does. */
    async sql(statements) {
      const folder = join(state, 'migrations');
      mkdirSync(folder, { recursive: true });
      migrations += 1;
      writeFileSync(join(folder, `${String(migrations).padStart(5, '0')}_test.sql`), `-- +goose Up\n${statements}\n`);
      await promisify(execFile)(gatehouse, ['migrate', '--dir', folder], { env: settings });
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

/** The processes whose command line or environment names this folder. */
export function processesOf(folder) {
  const found = [];
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)) {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
      if ((command + environment).includes(folder)) found.push(`${pid} ${command.replaceAll('\0', ' ')}`);
    } catch { /* it has ended, or is another user's */ }
  }
  return found;
}
