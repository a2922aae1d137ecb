// A JupyterHub of a test's own, with the configuration that `gatehouse client add` printed, byte for byte.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { arrived, signIn } from './browser.mjs';
import { freePorts, program, root } from './stack.mjs';

const venv = join(root, '.cache/venv');
// How the Hub of `npm start` runs on a developer's machine: ports, a database and servers without Unix accounts.
const local = readFileSync(join(root, 'api/cmd/dev/jupyterhub_local.py'), 'utf8');

/** How a distribution comes to its configuration from the file that was printed for it. */
const loaded = {
  jupyterhub: (file) => `load_subconfig(${JSON.stringify(file)})`,
  // tljh/jupyterhub_config.py loads what is in jupyterhub_config.d so, at its end.
  tljh: (file) => `from glob import glob\nfor ec in sorted(glob(${JSON.stringify(file)})):\n    load_subconfig(ec)`,
  // jupyterhub/files/hub/jupyterhub_config.py of the chart: hub.config section by section, then hub.extraConfig, after its own get_config.
  z2jh: (file) => `
import yaml
with open(${JSON.stringify(file)}) as f:
    values = yaml.safe_load(f)
def get_config(key, default=None):
    value = values
    for level in key.split("."):
        value = value.get(level, {})
    return value or default
c.CryptKeeper.keys = "${'5a'.repeat(32)}".split(";")
for section, cfg in get_config("hub.config", {}).items():
    c[section].update(cfg)
for key, config_py in sorted(get_config("hub.extraConfig", {}).items()):
    exec(config_py)`,
};

/** Registers a Hub and starts it with what was printed, and below it `settings` in Python. */
export async function startHub(stack, options = {}) {
  const { id = 'hub', template = 'jupyterhub', settings = '', add = [], origin = 'http://localhost', env = {} } = options;
  const [port, apiPort, proxyPort] = await freePorts(3);
  const url = `${origin}:${port}`;
  const printed = await stack.gatehouse(['client', 'add', id, '--template', template, '--url', url, ...add]);
  const state = join(stack.state, id);
  mkdirSync(join(state, 'home'), { recursive: true });
  const file = join(state, template === 'z2jh' ? 'values.yaml' : 'gatehouse.py');
  writeFileSync(file, printed, { mode: 0o600 });
  const config = join(state, 'jupyterhub_config.py');
  writeFileSync(config, `c = get_config()\n${loaded[template](file)}\n${local}\n${settings}\n`);
  const hub = await program(join(venv, 'bin/python'), ['-m', 'jupyterhub', '-f', config], {
    PATH: `${join(venv, 'bin')}:${process.env.PATH}`, HUB_STATE: state, HUB_URL: url.replace('localhost', '127.0.0.1'),
    HUB_API_URL: `http://127.0.0.1:${apiPort}`, HUB_PROXY_API_URL: `http://127.0.0.1:${proxyPort}`,
    HUB_PROXY: join(root, 'node_modules/configurable-http-proxy/bin/configurable-http-proxy'), ...env,
  }, /JupyterHub is now running/);
  return {
    ...hub,
    async stop() {
      writeFileSync(join(state, 'jupyterhub.log'), hub.text());
      return hub.stop();
    },
    id, url, printed, file,
    /** Signs in with a password, until the page is there that this ends at: `/hub/oauth_callback` if the Hub refuses. */
    async signIn(page, username, password, ends = '/hub/home') {
      await page.goto(`${url}/hub/login?next=%2Fhub%2Fhome`);
      await page.click('text=Sign in with');
      await arrived(page, stack.ui);
      await page.waitForSelector('input[name=username]');
      await signIn(page, username, password);
      await arrived(page, url + ends);
    },
    /** Opens JupyterLab, which starts the person's server. */
    async lab(page, username) {
      await page.goto(`${url}/hub/spawn`);
      await page.waitForURL((to) => to.href.startsWith(`${url}/user/${username}/lab`));
      await page.waitForSelector('.jp-LauncherCard');
    },
    /** What the Hub says of the person at this page, who must be at a page of the Hub. */
    user: (page) => page.evaluate(async () => {
      const answer = await fetch(`/hub/api/user?_xsrf=${globalThis.jhdata.xsrf_token}`);
      return answer.json();
    }),
    /** Whether the Hub still knows who is at this page. */
    async knows(page) {
      await page.goto(`${url}/hub/home`);
      return page.url() === `${url}/hub/home`;
    },
  };
}

/** Waits until `check` gives true, and tells how long that took, in seconds. */
export async function within(seconds, what, check) {
  for (const start = Date.now(); ; await new Promise((r) => { setTimeout(r, 300); })) {
    const took = (Date.now() - start) / 1000;
    if (await check()) return took;
    if (took > seconds) throw new Error(`not within ${seconds} s: ${what}`);
  }
}
