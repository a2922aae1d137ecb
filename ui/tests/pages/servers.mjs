// The two origins of the pages' tests: the built UI with the headers that every deployment gives it, by the real
// `gatehouse ui` where GATEHOUSE_BIN names one, and an API that answers what a test tells it and notes what it is sent.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const built = join(dirname(fileURLToPath(import.meta.url)), '../../dist');
const types = {
  '.css': 'text/css; charset=utf-8', '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.svg': 'image/svg+xml',
};

const listen = (handler, port = 0) => new Promise((resolve, reject) => {
  const server = createServer(handler).on('error', reject).listen(port, 'localhost', () => resolve(server));
});
const originOf = (server) => `http://localhost:${server.address().port}`;

/** `answers` maps a request to [status, body]; `posts` collects {path, origin, body}; with `stay` a post leaves the page as it is. */
export async function startAPI() {
  const api = { answers: new Map(), posts: [], stay: false, uiOrigin: '', bytes: 0 };
  const server = await listen(async (request, response) => {
    const url = new URL(request.url, 'http://localhost');
    if (request.method === 'POST') {
      let body = '';
      for await (const chunk of request) body += chunk;
      api.posts.push({ path: url.pathname, origin: request.headers.origin, body });
      return response.writeHead(api.stay ? 204 : 200).end();
    }
    const [status, body] = api.answers.get(url.searchParams.get('request')) ?? [404, { page: 'error', error: { code: 'request_altered' } }];
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    api.bytes += text.length;
    response.writeHead(status, { 'Content-Type': 'application/json', 'Access-Control-Allow-Origin': api.uiOrigin }).end(text);
  });
  return Object.assign(api, { origin: originOf(server), close: () => stop(server) });
}

const isPage = /^\/((login|consent|device|device-done|account|logout|signed-out|error)\/?)?$/;

/** The compressed files by their paths, read once: a build that runs meanwhile empties the folder. */
let build;
function readBuild() {
  if (!existsSync(join(built, 'index.html.br'))) throw new Error('The UI is not built: run `npm run build` first.');
  const names = readdirSync(built, { recursive: true }).filter((name) => name.endsWith('.br'));
  return new Map(names.map((name) => [`/${name.slice(0, -3)}`, readFileSync(join(built, name))]));
}

/** `ui.bytes` counts what was sent, as it was compressed. */
export async function startUI(api, { config = {} } = {}) {
  build ??= readBuild();
  const ui = { bytes: 0, files: [] };
  const headers = {
    'Content-Security-Policy': "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: https:; font-src 'self'; "
      + `connect-src 'self' ${api.origin}; base-uri 'none'; frame-ancestors 'none'`,
    'Referrer-Policy': 'strict-origin',
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
  };
  const server = await listen((request, response) => {
    const { pathname: path, searchParams } = new URL(request.url, 'http://localhost');
    const send = (body, more, status = 200) => {
      ui.bytes += body.length;
      ui.files.push([path, body.length]);
      response.writeHead(status, { ...headers, ...more }).end(body);
    };
    if (path === '/config.json') {
      return send(JSON.stringify({ api: api.origin, name: 'Gatehouse', ...config }), {
        'Content-Type': 'application/json', 'Cache-Control': 'no-cache',
      });
    }
    const file = build.has(path) ? path : '/index.html';
    const status = build.has(path) || isPage.test(path) ? 200 : 404;
    const caching = { 'Cache-Control': file.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache' };
    const asks = file === '/index.html' && searchParams.get('request');
    const preload = asks ? { Link: `<${api.origin}/interaction?request=${asks}>; rel=preload; as=fetch; crossorigin=anonymous` } : {};
    send(build.get(file), { 'Content-Type': types[extname(file)], 'Content-Encoding': 'br', ...caching, ...preload }, status);
  });
  api.uiOrigin = originOf(server);
  return Object.assign(ui, { origin: api.uiOrigin, close: () => stop(server) });
}

/** The same files by the program itself. */
export async function startGatehouseUI(api, program) {
  const free = await listen(() => {});
  const { port } = free.address();
  await stop(free);
  const origin = `http://localhost:${port}`;
  const child = spawn(program, ['ui'], {
    stdio: 'inherit',
    env: {
      PATH: process.env.PATH, GATEHOUSE_ISSUER: api.origin, GATEHOUSE_UI_ORIGIN: origin, GATEHOUSE_UI_LISTEN: `localhost:${port}`,
      GATEHOUSE_UI_ROOT: built,
    },
  });
  for (let tries = 0; !await fetch(origin).catch(() => false); tries += 1) {
    if (tries > 100 || child.exitCode !== null) throw new Error(`${program} ui does not answer at ${origin}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  api.uiOrigin = origin;
  return { origin, close: () => new Promise((resolve) => { child.once('exit', resolve); child.kill(); }) };
}

const stop = (server) => new Promise((resolve) => { server.close(resolve); server.closeAllConnections(); });
