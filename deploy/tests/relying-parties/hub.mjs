// A JupyterHub with all that the relying parties need, as `gatehouse client add --template jupyterhub` configures it.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { freePorts, program, root } from '../../../ui/tests/e2e/stack.mjs';
import { python } from './environment.mjs';

/** Starts a Hub with what was printed and what is added to it; `settings` are for its environment. */
export async function startHub(stack, name, port, printed, { added = '', settings = {} } = {}) {
  const state = join(stack.state, name);
  mkdirSync(join(state, 'home'), { recursive: true });
  const config = join(state, 'jupyterhub_config.py');
  const local = readFileSync(join(root, 'api/cmd/dev/jupyterhub_local.py'), 'utf8');
  writeFileSync(config, `${printed}\n${local}\n${added}`, { mode: 0o600 });
  const [api, proxy] = await freePorts(2);
  const hub = await program(python, ['-m', 'jupyterhub', '-f', config], {
    PATH: `${dirname(python)}:${process.env.PATH}`, HUB_STATE: state, HUB_URL: `http://127.0.0.1:${port}`,
    HUB_API_URL: `http://127.0.0.1:${api}`, HUB_PROXY_API_URL: `http://127.0.0.1:${proxy}`,
    HUB_PROXY: join(root, 'node_modules/configurable-http-proxy/bin/configurable-http-proxy'), ...settings,
  }, /JupyterHub is now running/);
  // The proxy listens before it knows the way to the Hub.
  for (let i = 0; i < 100 && !(await fetch(`http://localhost:${port}/hub/health`).catch(() => ({}))).ok; i += 1) {
    await new Promise((r) => { setTimeout(r, 100); });
  }
  return { ...hub, state };
}
