// Runs nginx and Apache with the shipped files: only the lines meant to be edited, the ports and the places of logs are changed.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const deploy = dirname(dirname(fileURLToPath(import.meta.url)));
const root = process.getuid() === 0;

function rewrite(file, pairs) {
  let text = readFileSync(file, 'utf8');
  for (const [from, to] of pairs) text = text.replaceAll(from, to);
  writeFileSync(file, text);
}

const changes = (s) => [
  ['https://api.hostname', s.apiOrigin], ['https://${API_HOST}', s.apiOrigin],
  ['https://ui.hostname', s.uiOrigin], ['https://${UI_HOST}', s.uiOrigin],
  ['ui.hostname', s.uiHost], ['jupyterhub.hostname', s.hubHost], ['api.hostname', s.apiHost],
  ['/etc/letsencrypt/live/gatehouse/fullchain.pem', s.certificates.fullchain],
  ['/etc/letsencrypt/live/gatehouse/privkey.pem', s.certificates.key],
  ['/usr/local/share/gatehouse/ui', s.uiRoot],
  [`'"name":"Gatehouse"'`, `'"name":"Gatehouse","logo":"/logo.svg","accent":"#0b57d0"'`],
];
const upstreams = (s) => [['127.0.0.1:4000', `127.0.0.1:${s.apiPort}`], ['127.0.0.1:8000', `127.0.0.1:${s.hubPort}`]];

/** nginx in dir for the site s; returns how to check and start it. */
function nginx(dir, s) {
  cpSync(join(deploy, 'nginx'), dir, { recursive: true });
  rewrite(join(dir, 'gatehouse.conf'), [...changes(s), ['listen [::]:443 ssl http2;', ''], ['listen [::]:80;', ''],
    ['listen 443 ', `listen 127.0.0.1:${s.httpsPort} `], ['listen 80;', `listen 127.0.0.1:${s.httpPort};`]]);
  const places = [['/var/log/nginx', dir], ['root /etc/nginx;', `root ${dir};`]];
  for (const f of readdirSync(join(dir, 'gatehouse'))) rewrite(join(dir, 'gatehouse', f), [...upstreams(s), ...places]);
  const module = ['/usr/lib/nginx/modules/ngx_http_brotli_static_module.so'].find(existsSync);
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((t) => `${t}_temp_path ${dir}/temp_${t};`).join(' ');
  writeFileSync(join(dir, 'nginx.conf'), `${module ? `load_module ${module};` : ''} ${root ? 'user www-data;' : ''}
worker_processes 1; daemon off; pid ${dir}/nginx.pid; error_log ${dir}/error.log;
events {}
http { include /etc/nginx/mime.types; access_log ${dir}/default.log; ${temp} include gatehouse.conf; }
`);
  const args = ['-p', dir, '-c', join(dir, 'nginx.conf')];
  return { command: 'nginx', test: [...args, '-t'], run: args };
}

/** apache2 in dir for the site s; returns how to check and start it. */
function apache(dir, s) {
  cpSync(join(deploy, 'apache'), dir, { recursive: true });
  rewrite(join(dir, 'gatehouse.conf'), [...changes(s), ['/etc/apache2/gatehouse', join(dir, 'gatehouse')],
    ['*:443>', `127.0.0.1:${s.httpsPort}>`], ['*:80>', `127.0.0.1:${s.httpPort}>`]]);
  for (const f of readdirSync(join(dir, 'gatehouse'))) rewrite(join(dir, 'gatehouse', f), upstreams(s));
  // what Debian loads by itself, and what the first lines of gatehouse.conf name
  const asked = readFileSync(join(dir, 'gatehouse.conf'), 'utf8').match(/a2enmod (.*)/)[1].split(' ');
  const standard = ['mpm_event', 'authz_core', 'mime', 'env', 'alias', 'dir', 'filter', 'deflate', 'socache_shmcb'];
  const load = [...standard, ...asked].map((m) => `LoadModule ${m}_module /usr/lib/apache2/modules/mod_${m}.so`).join('\n');
  writeFileSync(join(dir, 'apache2.conf'), `ServerRoot ${dir}
Define APACHE_LOG_DIR ${dir}
${load}
ServerName localhost
PidFile ${dir}/apache2.pid
Mutex file:${dir}
ErrorLog ${dir}/error.log
${root ? 'User www-data\nGroup www-data' : ''}
TypesConfig /etc/mime.types
AddType application/x-gzip .gz
AddOutputFilterByType DEFLATE text/html text/css application/javascript application/json
Listen 127.0.0.1:${s.httpsPort} https
Listen 127.0.0.1:${s.httpPort} http
<Directory />
  Require all denied
</Directory>
Include gatehouse.conf
`);
  const args = ['-f', join(dir, 'apache2.conf')];
  return { command: 'apache2', test: [...args, '-t'], run: [...args, '-DFOREGROUND'] };
}

export const webServers = {
  nginx: { packages: ['nginx-light', 'libnginx-mod-http-brotli-static'], prepare: nginx },
  apache2: { packages: ['apache2'], prepare: apache },
};

const path = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
export const has = (name) => spawnSync('sh', ['-c', `command -v ${name}`], { env: path }).status === 0;
const complete = (name) => has(name) && (name !== 'nginx' || existsSync('/usr/lib/nginx/modules/ngx_http_brotli_static_module.so'));

/** Installs Debian packages where we are root. RUNLEVEL=1 keeps them from starting servers of their own. */
function aptInstall(packages) {
  if (!root || !has('apt-get')) return;
  const env = { ...path, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const install = () => spawnSync('apt-get',
    ['install', '-y', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=300', ...packages], { env });
  if (install().status !== 0) { spawnSync('apt-get', ['update'], { env }); install(); }
}

/** Returns the reason to leave a server out, or '' when it is installed (which root on Debian does here). */
export function missing(name) {
  const { packages } = webServers[name];
  if (!complete(name)) aptInstall(packages);
  return complete(name) ? '' : `${name} is not installed; as root: apt-get install ${packages.join(' ')}`;
}

/** The same for programs that tests run, by the packages that have them. */
export function missingPrograms(packageOf) {
  const absent = () => Object.keys(packageOf).filter((name) => !has(name));
  const packages = absent().map((name) => packageOf[name]);
  if (packages.length > 0) aptInstall(packages);
  return absent().length > 0 ? `${absent().join(', ')} not installed; as root: apt-get install ${packages.join(' ')}` : '';
}

/** Where Debian keeps Apache's modules. */
export const modules = '/usr/lib/apache2/modules';
export const modAuthOpenidc = 'libapache2-mod-auth-openidc';

/** The same for mod_auth_openidc. */
export function missingModule() {
  const there = () => existsSync(join(modules, 'mod_auth_openidc.so'));
  if (missing('apache2')) return missing('apache2');
  if (!there()) aptInstall([modAuthOpenidc]);
  return there() ? '' : `mod_auth_openidc is not installed; as root: apt-get install ${modAuthOpenidc}`;
}

/** The same for Ruby with GitLab's library for OmniAuth. */
export function missingRuby() {
  const packages = ['ruby-omniauth-openid-connect', 'ruby-webrick'];
  const there = () => spawnSync('ruby', ['-e', 'require "omniauth_openid_connect"; require "webrick"'], { env: path }).status === 0;
  if (!there()) aptInstall(packages);
  return there() ? '' : `Ruby or its omniauth_openid_connect is not installed; as root: apt-get install ${packages.join(' ')}`;
}

const reachable = (port) => new Promise((done) => {
  const socket = connect(port, '127.0.0.1', () => { socket.destroy(); done(true); });
  socket.on('error', () => done(false));
});

/** Starts a command and waits for its port; returns a function that stops it. */
export async function start(command, args, port, options = {}) {
  let output = '';
  const child = spawn(command, args, { env: path, ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise((done) => { child.on('exit', done); child.on('error', (e) => { output += e.message; done(); }); });
  let running = true;
  ended.then(() => { running = false; });
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (d) => { output += d; });
  for (let i = 0; !await reachable(port); i += 1) {
    if (!running || i > 300) { child.kill(); throw new Error(`${command} does not listen on ${port}: ${output}`); }
    await new Promise((r) => setTimeout(r, 100));
  }
  return { stop: () => { child.kill('SIGTERM'); return ended; }, output: () => output };
}

/** Checks the configuration with the server's own tool and starts it. */
export async function startWebServer(name, dir, site) {
  mkdirSync(dir, { recursive: true });
  const { command, test, run } = webServers[name].prepare(dir, site);
  execFileSync(command, test, { env: path, stdio: 'pipe' });
  return start(command, run, site.httpsPort);
}
