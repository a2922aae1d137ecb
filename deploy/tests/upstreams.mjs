// What stands behind the proxies: a stand-in for JupyterHub that says what reached it, and a folder of UI files.
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';

/** Answers with the request as JSON, and shakes hands with WebSockets. */
export function echoServer(port) {
  const server = createServer((req, res) => {
    let body = 0;
    req.on('data', (d) => { body += d.length; });
    req.on('end', () => res.writeHead(200, {
      'Content-Type': 'application/json', 'X-Long': 'x'.repeat(10000), 'Strict-Transport-Security': 'max-age=1',
    }).end(JSON.stringify({ method: req.method, url: req.url, headers: req.headers, body })));
  });
  server.on('upgrade', (req, socket) => {
    const key = `${req.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`; // RFC 6455 §4.2.2
    const accept = createHash('sha1').update(key).digest('base64');
    socket.end(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
  });
  const stop = () => { server.closeAllConnections(); server.close(); };
  return new Promise((done) => { server.listen(port, '127.0.0.1', () => done({ stop })); });
}

/** Copies the built UI to dir, or makes a small one of the same form; returns the path of a compressed asset. */
export function uiFiles(dir, built) {
  mkdirSync(join(dir, 'assets'), { recursive: true });
  if (existsSync(join(built, 'index.html'))) {
    cpSync(built, dir, { recursive: true });
  } else {
    writeFileSync(join(dir, 'index.html'), '<!doctype html><title>Gatehouse</title>');
    writeFileSync(join(dir, 'logo.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>');
    writeFileSync(join(dir, 'assets/index-0a1b2c3d.js'), 'export const words = [];\n'.repeat(100));
    mkdirSync(join(dir, 'admin/assets'), { recursive: true });
    writeFileSync(join(dir, 'admin/index.html'), '<!doctype html><title>Administration</title>');
    writeFileSync(join(dir, 'admin/assets/index-4e5f6a7b.js'), 'export const words = [];\n');
  }
  const name = readdirSync(join(dir, 'assets')).find((f) => f.endsWith('.js'));
  for (const file of [join(dir, 'assets', name), join(dir, 'index.html')]) compress(file);
  return `/assets/${name}`;
}

function compress(file) {
  const text = readFileSync(file);
  if (!existsSync(`${file}.br`)) writeFileSync(`${file}.br`, brotliCompressSync(text));
  if (!existsSync(`${file}.gz`)) writeFileSync(`${file}.gz`, gzipSync(text));
}
