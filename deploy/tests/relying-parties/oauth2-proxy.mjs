// The real oauth2-proxy, an application behind it, and nginx before it.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { program, root } from '../../../ui/tests/e2e/stack.mjs';
import { start } from '../web-servers.mjs';

export const version = 'v7.8.1';
const oauth2ProxyModule = 'github.com/oauth2-proxy/oauth2-proxy/v7';
const tools = join(root, '.cache/bin-tools', version);
const go = async (...args) => (await promisify(execFile)('go', args, { env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '' } })).stdout;

/** Builds oauth2-proxy once, in about a minute; gives why that cannot be done, or ''. */
export async function missing() {
  if (existsSync(join(tools, 'oauth2-proxy'))) return '';
  try {
    // Not `go install`: it wants the list of versions, which not every proxy of modules has.
    const { Dir } = JSON.parse(await go('mod', 'download', '-json', `${oauth2ProxyModule}@${version}`));
    await go('build', '-C', Dir, '-mod=readonly', '-buildvcs=false', '-trimpath', '-ldflags',
      `-s -w -X ${oauth2ProxyModule}/pkg/version.VERSION=${version}`, '-o', join(tools, 'oauth2-proxy'), '.');
    return '';
  } catch (e) {
    return `oauth2-proxy ${version} could not be built: ${e.stderr || e.stdout || e.message}`;
  }
}

/** Runs a block of a page that starts oauth2-proxy. */
export const startProxy = (block, env) => program('bash', ['-euc', block.replace(/(?=^oauth2-proxy)/m, 'exec ')],
  { PATH: `${tools}:${process.env.PATH}`, ...env }, /Cookie settings/);

/** An application without any sign-in, which says in JSON what it was asked and by whom. */
export async function application() {
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ url: request.url, headers: request.headers }));
  });
  await new Promise((done) => { server.listen(0, '127.0.0.1', done); });
  return { port: server.address().port, stop: () => { server.closeAllConnections(); server.close(); } };
}

/** Runs nginx with one server of a recipe, on a port of its own and without TLS. */
export async function startNginx(dir, server, port) {
  mkdirSync(dir, { recursive: true });
  const plain = server.replace('listen 443 ssl;', `listen 127.0.0.1:${port};`).replace(/^ *ssl_.*\n/gm, '');
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((t) => `${t}_temp_path ${dir}/temp_${t};`).join(' ');
  writeFileSync(join(dir, 'nginx.conf'), `${process.getuid() === 0 ? 'user root;' : ''}
worker_processes 1; daemon off; pid ${dir}/nginx.pid; error_log ${dir}/error.log;
events {}
http { access_log off; ${temp}
${plain} }
`);
  return start('nginx', ['-p', dir, '-c', join(dir, 'nginx.conf')], port);
}
