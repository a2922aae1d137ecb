// `npm start`: installs and builds what is missing, then hands over to api/cmd/dev.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { Problem, install, root } from './install.mjs';

console.log('Gatehouse for development: Postgres, the API, the UI and a JupyterHub that signs in through them.');
let hub = process.env.DEV_HUB !== 'no';
let dev;
// Ctrl-C reaches dev as well, as it is in the terminal's group; it stops what it started, and we wait for it.
const stop = () => (dev ? dev.kill('SIGTERM') : process.exit(0));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, stop);
// npm is gone, even by SIGKILL: so are we.
const parent = process.ppid;
setInterval(() => process.ppid === parent || stop(), 1000).unref();

try {
  const without = await install({ hub });
  if (without && hub) console.log(`JupyterHub is left out: ${without}`);
  hub = !without;
} catch (e) {
  if (!(e instanceof Problem)) throw e;
  console.error(e.message);
  process.exit(1);
}
dev = spawn(join(root, '.cache/bin/dev'), process.argv.slice(2), {
  cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, DEV_HUB: hub ? 'yes' : 'no' },
});
dev.on('exit', (code) => process.exit(code ?? 1));
