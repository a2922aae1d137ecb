// nginx and Apache as shipped, with the built UI, `gatehouse serve` and a stand-in for JupyterHub behind them.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { createServer, request } from 'node:https';
import { request as plainRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { makeCertificates } from './certificates.mjs';
import { freePorts } from '../../ui/tests/e2e/stack.mjs';
import { build, environment, project, startApi, startPostgres } from './api.mjs';
import { echoServer, uiFiles } from './upstreams.mjs';
import { deploy, has, missing, start, startWebServer, webServers } from './web-servers.mjs';


const uiHost = 'ui.gatehouse.test';
const apiHost = 'api.other.test';
const hubHost = 'hub.gatehouse.test';
const secret = 'not-to-be-logged';

let top; let gatehouse; let postgres;
before(async () => {
  top = mkdtempSync(join(tmpdir(), 'gatehouse-deploy-'));
  chmodSync(top, 0o755);
  gatehouse = build(top);
  postgres = await startPostgres(top);
});
after(async () => {
  await postgres?.stop();
  rmSync(top, { recursive: true, force: true });
});

test('hostnames are in one file of each server', () => {
  for (const name of ['nginx', 'apache']) {
    for (const file of readdirSync(join(deploy, name, 'gatehouse'))) {
      assert.doesNotMatch(readFileSync(join(deploy, name, 'gatehouse', file), 'utf8'), /\.hostname/, `${name}/gatehouse/${file}`);
    }
  }
});

for (const name of Object.keys(webServers)) {
  describe(name, { skip: missing(name) || false }, () => {
    let dir; let site; let server; let api; let hub; let asset; let ca;

    before(async () => {
      dir = join(top, name);
      mkdirSync(dir);
      const certificates = makeCertificates(dir, [uiHost, apiHost, hubHost]);
      ca = readFileSync(certificates.ca);
      const [httpPort, httpsPort, apiPort, hubPort] = await freePorts(4);
      site = { uiHost, apiHost, hubHost, certificates, uiRoot: join(dir, 'ui'), httpPort, httpsPort, apiPort, hubPort,
        database: postgres.url };
      site.apiOrigin = `https://${apiHost}:${site.httpsPort}`;
      site.uiOrigin = `https://${uiHost}:${site.httpsPort}`;
      site.hubOrigin = `https://${hubHost}:${site.httpsPort}`;
      asset = uiFiles(site.uiRoot, join(project, 'ui/dist'));
      hub = await echoServer(site.hubPort);
      api = await startApi(site, gatehouse, name);
      server = await startWebServer(name, join(dir, name), site);
    });
    after(async () => {
      await server?.stop();
      await api?.stop();
      hub?.stop();
    });

    /** One request to 127.0.0.1 under the name of a host. */
    const send = (host, path, { method = 'GET', headers = {}, body, tls = true, ...options } = {}) => new Promise((done, fail) => {
      const port = tls ? site.httpsPort : site.httpPort;
      const req = (tls ? request : plainRequest)({ host: '127.0.0.1', port, servername: host, ca, path, method, agent: false,
        headers: { Host: tls ? `${host}:${port}` : host, ...headers }, ...options }, (res) => {
        const parts = [];
        res.on('data', (d) => parts.push(d));
        res.on('end', () => done({ status: res.statusCode, headers: res.headers, body: Buffer.concat(parts) }));
      });
      req.on('upgrade', (res, socket) => { socket.destroy(); done({ status: res.statusCode, headers: res.headers }); });
      req.on('error', fail);
      req.end(body);
    });

    test('http is sent to https on every host, path and query kept', async () => {
      for (const host of [uiHost, apiHost, hubHost]) {
        const res = await send(host, '/a/path?state=1%202&code=x', { tls: false });
        assert.equal(res.status, 301);
        assert.equal(res.headers.location, `https://${host}/a/path?state=1%202&code=x`);
      }
    });

    test('TLS is 1.2 or 1.3, with ECDHE and AES-GCM in 1.2', async () => {
      const hello = (options) => send(uiHost, '/', { ...options, ciphers: options.ciphers ?? 'DEFAULT' });
      assert.equal((await hello({ minVersion: 'TLSv1.3' })).status, 200);
      assert.equal((await hello({ maxVersion: 'TLSv1.2' })).status, 200);
      await assert.rejects(hello({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }));
      await assert.rejects(hello({ maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA256' }));
      await assert.rejects(hello({ maxVersion: 'TLSv1.2', ciphers: 'AES128-GCM-SHA256' }));
    });

    test('every file of the UI has the headers', async () => {
      for (const path of ['/', '/login?request=x', asset, '/config.json']) {
        const { headers } = await send(uiHost, path);
        assert.equal(headers['content-security-policy'], "default-src 'none'; script-src 'self'; style-src 'self'; "
          + `img-src 'self' data: https:; font-src 'self'; connect-src 'self' ${site.apiOrigin}; `
          + "base-uri 'none'; frame-ancestors 'none'", path);
        assert.equal(headers['referrer-policy'], 'strict-origin', path);
        assert.equal(headers['x-content-type-options'], 'nosniff', path);
        assert.equal(headers['x-frame-options'], 'DENY', path);
        assert.match(headers['permissions-policy'], /camera=\(\)/, path);
        assert.equal(headers['strict-transport-security'], 'max-age=31536000', path);
        assert.equal(headers['cross-origin-opener-policy'], undefined, path);
      }
    });

    test('hashed files are kept for a year, pages and config.json are asked for anew', async () => {
      assert.equal((await send(uiHost, asset)).headers['cache-control'], 'public, max-age=31536000, immutable');
      for (const path of ['/', '/index.html', '/login', '/config.json']) {
        assert.equal((await send(uiHost, path)).headers['cache-control'], 'no-cache', path);
      }
    });

    test('config.json names the API and what the pages look like', async () => {
      const { status, headers, body } = await send(uiHost, '/config.json');
      assert.equal(status, 200);
      assert.match(headers['content-type'], /^application\/json/);
      assert.deepEqual(JSON.parse(body), { api: site.apiOrigin, name: 'Gatehouse', logo: '/logo.svg', accent: '#0b57d0' });
    });

    test('browsers learn which origin may use passkeys of the host', async () => {
      const { status, headers, body } = await send(uiHost, '/.well-known/webauthn');
      assert.equal(status, 200);
      assert.match(headers['content-type'], /^application\/json/);
      assert.deepEqual(JSON.parse(body), { origins: [site.uiOrigin] });
    });

    test('the UI is answered as `gatehouse ui` does', async () => {
      const [port] = await freePorts(1);
      const env = { ...environment(site), GATEHOUSE_UI_LISTEN: `127.0.0.1:${port}`, GATEHOUSE_UI_ROOT: site.uiRoot };
      const ui = await start(gatehouse, ['ui'], port, { env });
      try {
        const paths = ['/', '/index.html', '/login?request=x', '/index.html?request=x', '/login?a=b&request=A-z_0', '/login?request=x%3E',
          '/a/b', '/a/b?request=x', '/device/', '/start', '/.well-known/change-password', '/.well-known/webauthn',
          `${asset}?request=x`, '/config.json', asset, '/logo.svg', '/assets/no.js', '/no.txt',
          '/admin', '/admin/', '/admin/people/alice?q=x', '/admin/services/https%3A%2F%2Fapi.example.org', '/admin/index.html',
          `/admin/assets/${readdirSync(join(site.uiRoot, 'admin/assets')).find((f) => f.endsWith('.js'))}`, '/admin/assets/no.js',
          '/administrator'];
        for (const path of paths) {
          for (const accept of ['', 'gzip', 'gzip, deflate, br']) {
            const want = await fetch(`http://127.0.0.1:${port}${path}`, {
              headers: { 'Accept-Encoding': accept }, redirect: 'manual',
            });
            const got = await send(uiHost, path, { headers: accept ? { 'Accept-Encoding': accept } : {} });
            assert.equal(got.status, want.status, path);
            const names = ['content-security-policy', 'referrer-policy', 'x-content-type-options', 'x-frame-options', 'permissions-policy',
              'strict-transport-security', 'cross-origin-opener-policy', ...want.status === 302 ? ['location'] : [],
              ...want.ok ? ['cache-control', 'content-encoding', 'link'] : []];
            for (const h of names) assert.equal(got.headers[h] ?? null, want.headers.get(h), `${h} of ${path} with ${accept}`);
          }
        }
      } finally { await ui.stop(); }
    });

    test('the pages are index.html, which also says of what is missing that it is', async () => {
      const page = readFileSync(join(site.uiRoot, 'index.html'), 'utf8');
      for (const [status, paths] of [
        [200, ['/', '/login?request=x', '/signed-out', '/device/']],
        [404, ['/no/such/page', '/login/x', '/start', '/assets/missing', '/missing.js']],
      ]) {
        for (const path of paths) {
          const res = await send(uiHost, path);
          assert.equal(res.status, status, path);
          assert.match(res.headers['content-type'], /^text\/html/, path);
          assert.equal(String(res.body), page, path);
          assert.equal(res.headers['x-content-type-options'], 'nosniff', path);
          if (status === 404) assert.doesNotMatch(res.headers['cache-control'] ?? '', /immutable/, path);
        }
      }
      assert.equal((await send(uiHost, '/login', { method: 'HEAD' })).status, 200);
      assert.notEqual((await send(uiHost, '/../../etc/passwd')).body.includes('root:'), true);
    });

    test('the pages for administrators are at any address below theirs, and can be left out', async () => {
      const page = readFileSync(join(site.uiRoot, 'admin/index.html'), 'utf8');
      for (const path of ['/admin', '/admin/', '/admin/people/alice', '/admin/services/https%3A%2F%2Fapi.example.org', '/admin/x.js']) {
        const { status, headers, body } = await send(uiHost, path);
        assert.deepEqual([status, headers['content-type'], String(body)], [200, 'text/html; charset=utf-8', page], path);
      }
      renameSync(join(site.uiRoot, 'admin'), join(site.uiRoot, 'left-out'));
      try {
        for (const path of ['/admin', '/admin/', '/admin/people/alice']) assert.equal((await send(uiHost, path)).status, 404, path);
        assert.equal((await send(uiHost, '/login')).status, 200);
      } finally { renameSync(join(site.uiRoot, 'left-out'), join(site.uiRoot, 'admin')); }
    });

    test('compressed files are sent as they were built', async () => {
      const type = /^(text|application)\/javascript/;
      const plain = await send(uiHost, asset);
      assert.match(plain.headers['content-type'], type);
      assert.equal(plain.headers['content-encoding'], undefined);
      for (const [accept, encoding, unpack] of [['gzip, deflate, br', 'br', brotliDecompressSync], ['gzip', 'gzip', gunzipSync]]) {
        const res = await send(uiHost, asset, { headers: { 'Accept-Encoding': accept } });
        assert.equal(res.headers['content-encoding'], encoding);
        assert.match(res.headers['content-type'], type);
        assert.match(res.headers.vary, /accept-encoding/i);
        assert.match(res.headers['cache-control'], /immutable/);
        assert.deepEqual(unpack(res.body), plain.body);
        const page = await send(uiHost, '/login', { headers: { 'Accept-Encoding': accept } });
        assert.equal(page.headers['content-encoding'], encoding);
        assert.match(page.headers['content-type'], /^text\/html/);
        assert.match(String(unpack(page.body)), /<!doctype html>/i);
      }
    });

    test('JupyterHub sees the true address, host and scheme, whatever the client says', async () => {
      const res = await send(hubHost, '/hub/a%2Fb?x=1', { headers: { 'X-Forwarded-For': '203.0.113.9', Forwarded: 'for=203.0.113.9',
        'X-Forwarded-Host': 'evil.example', 'X-Forwarded-Proto': 'http', 'X-Scheme': 'http' } });
      assert.equal(res.headers['strict-transport-security'], 'max-age=31536000');
      const seen = JSON.parse(res.body);
      assert.equal(seen.url, '/hub/a%2Fb?x=1');
      assert.equal(seen.headers.host, `${hubHost}:${site.httpsPort}`);
      assert.equal(seen.headers['x-forwarded-for'], '127.0.0.1');
      assert.equal(seen.headers['x-forwarded-proto'], 'https');
      assert.equal(seen.headers['x-scheme'], 'https');
      assert.equal(seen.headers['x-forwarded-host'], undefined);
      assert.equal(seen.headers.forwarded, undefined);
    });

    test('WebSockets reach JupyterHub, and large uploads', async () => {
      const key = Buffer.from('0123456789abcdef').toString('base64');
      const res = await send(hubHost, '/user/alice/api/kernels/1/channels', { headers: {
        Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': key } });
      assert.equal(res.status, 101);
      const put = await send(hubHost, '/user/alice/api/contents/a', { method: 'PUT', body: Buffer.alloc(3 << 20) });
      assert.equal(JSON.parse(put.body).body, 3 << 20);
    });

    test('discovery through the proxy has the right issuer', async () => {
      const res = await send(apiHost, '/.well-known/openid-configuration');
      assert.equal(res.status, 200);
      assert.equal(JSON.parse(res.body).issuer, site.apiOrigin);
      assert.equal(res.headers['strict-transport-security'], 'max-age=31536000');
    });

    test('a request of 6 kB passes, and so does the sign-in that it becomes', async () => {
      const query = new URLSearchParams({ client_id: name, response_type: 'code', redirect_uri: `${site.hubOrigin}/hub/oauth_callback`,
        scope: 'openid', code_challenge: 'c'.repeat(43), code_challenge_method: 'S256', state: 's'.repeat(4000), nonce: 'n'.repeat(1000),
        unknown: 'x'.repeat(1000) });
      const { status, headers } = await send(apiHost, `/authorize?${query}`);
      assert.equal(status, 303);
      const page = new URL(headers.location);
      assert.equal(page.origin + page.pathname, `${site.uiOrigin}/login`);
      assert.ok(page.search.length > 6000, `the pending request has ${page.search.length} characters only`);
      assert.equal((await send(uiHost, page.pathname + page.search)).status, 200);
      const view = await send(apiHost, `/interaction${page.search}`);
      assert.deepEqual(JSON.parse(view.body).client.name, 'JupyterHub');
      assert.equal((await send(hubHost, `/hub/oauth_callback?state=${'s'.repeat(6000)}`)).status, 200);
    });

    test('a body over 64 kB does not reach the API', async () => {
      const res = await send(apiHost, '/token', { method: 'POST', body: Buffer.alloc(70000, 'a'),
        headers: { 'Content-Type': 'application/x-www-form-urlencoded' } });
      assert.equal(res.status, 413);
    });

    test('the admin API gets paths with an encoded slash as they are, and imports', async () => {
      const shown = await send(apiHost, `/admin/v1/clients/${encodeURIComponent('https://app.example.org/')}`);
      assert.equal(shown.status, 401, shown.body);
      assert.equal(JSON.parse((await send(apiHost, '/admin/v1/openapi.json')).body).openapi, '3.1.0');
      const imported = await send(apiHost, '/admin/v1/clients/import', { method: 'POST', body: Buffer.alloc(100_000, ' '),
        headers: { 'Content-Type': 'application/json' } });
      assert.equal(imported.status, 401);
      assert.equal(JSON.parse(imported.body).code, 'invalid_token');
    });

    test('the API believes the address of the proxy only', async () => {
      await send(apiHost, '/authorize?client_id=nobody', { headers: { 'X-Forwarded-For': '203.0.113.9' } });
      assert.ok(!api.output().includes('203.0.113.9'), 'the spoofed address is in the log of the API');
      assert.ok(api.output().includes('127.0.0.1'), 'the log of the API names no address');
    });

    const noPython = !has('python3') && 'python3 is not installed';
    test('Python trusts the chain, and does not when the intermediate is missing', { skip: noPython }, async () => {
      const line = readFileSync(join(project, 'docs/quickstart.md'), 'utf8').match(/^python3 -c "(.*urllib.*)"$/m)[1];
      const local = 'import socket; g = socket.getaddrinfo; socket.getaddrinfo = lambda h, *a, **k: g("127.0.0.1", *a, **k); ';
      const leafOnly = createServer({ cert: readFileSync(site.certificates.leaf), key: readFileSync(site.certificates.key) });
      await new Promise((done) => { leafOnly.listen(0, '127.0.0.1', done); });
      const other = `https://${apiHost}:${leafOnly.address().port}`;
      const env = { ...process.env, SSL_CERT_FILE: site.certificates.ca };
      const python = (origin) => promisify(execFile)('python3', ['-c', local + line.replace('https://api.hostname', origin)], { env });
      try {
        assert.equal((await python(site.apiOrigin)).stdout.trim(), site.apiOrigin);
        await assert.rejects(python(other), /CERTIFICATE_VERIFY_FAILED.*unable to get local issuer certificate/);
      } finally { leafOnly.close(); }
    });

    test('no log has a query string, not even when the hub is down', async () => {
      hub.stop();
      const paths = {
        [apiHost]: ['/authorize', '/logout'], [hubHost]: ['/hub/oauth_callback'], [uiHost]: ['/login', '/assets/missing.js'],
      };
      for (const [host, list] of Object.entries(paths)) {
        for (const path of list) {
          const headers = { Referer: `https://${host}/?code=${secret}` };
          await send(host, `${path}?code=${secret}&state=${secret}`, { headers });
          await send(host, `${path}?code=${secret}`, { tls: false });
        }
      }
      assert.equal((await send(hubHost, '/hub/')).status, name === 'nginx' ? 502 : 503);
      const files = readdirSync(join(dir, name)).filter((f) => f.endsWith('.log'));
      const logs = files.map((f) => readFileSync(join(dir, name, f), 'utf8')).join('');
      assert.match(logs, /\/hub\/oauth_callback/);
      assert.ok(!logs.includes(secret), logs.split('\n').find((l) => l.includes(secret)));
      assert.ok(!(server.output() + api.output()).includes(secret));
    });

    // The last one: neither the Hub nor the API is there afterwards.
    test('what the web server itself says is a page of ours, in both schemes, that loads nothing', async () => {
      const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
      const refused = [
        await send(apiHost, '/token', { method: 'POST', body: Buffer.alloc(70000, 'a'), headers }),
        await send(apiHost, `/authorize?state=${'x'.repeat(40000)}`), await send(uiHost, `/login?request=${'x'.repeat(40000)}`),
      ];
      assert.deepEqual(refused.map(({ status }) => status), [413, 414, 414]);
      const own = [await send(apiHost, '/nothing', { headers: { Accept: 'text/html' } }), await send(apiHost, '/userinfo')];
      assert.deepEqual(own.map(({ status }) => status), [404, 401]);
      for (const res of own) assert.doesNotMatch(String(res.body), /too large/, 'an answer of the API is replaced');
      hub.stop();
      await api.stop();
      const unavailable = [await send(hubHost, '/hub/'), await send(apiHost, '/authorize?client_id=x'),
        await send(apiHost, '/token', { method: 'POST', body: 'x', headers })];
      assert.deepEqual(unavailable.map(({ status }) => status), Array(3).fill(name === 'nginx' ? 502 : 503));
      for (const [file, list] of Object.entries({ refused, unavailable })) {
        const page = readFileSync(join(deploy, 'nginx/gatehouse', `${file}.html`), 'utf8');
        assert.equal(readFileSync(join(deploy, 'apache/gatehouse', `${file}.html`), 'utf8'), page, 'the two servers have the same pages');
        for (const part of ['<meta name="viewport"', 'color-scheme: light dark', 'prefers-color-scheme: dark', 'lang="de"', 'lang="fr"']) {
          assert.ok(page.includes(part), part);
        }
        assert.doesNotMatch(page, /src=|href=|url\(|@import|<script/);
        const style = createHash('sha256').update(page.match(/<style>(.*?)<\/style>/s)[1]).digest('base64');
        for (const res of list) {
          assert.equal(String(res.body), page, String(res.status));
          assert.match(res.headers['content-type'], /^text\/html; ?charset=utf-8$/i);
          assert.equal(res.headers['content-security-policy'],
            `default-src 'none'; style-src 'sha256-${style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`);
          assert.equal(res.headers['cache-control'], 'no-store');
          assert.equal(res.headers['x-content-type-options'], 'nosniff');
          assert.equal(res.headers['strict-transport-security'], 'max-age=31536000');
        }
      }
      for (const path of ['/gatehouse/api.conf', '/gatehouse/config.json', '/gatehouse/']) {
        for (const host of [apiHost, hubHost]) assert.ok((await send(host, path)).status >= 400, path);
      }
    });
  });
}
