// MCP servers as docs/recipes/mcp.md says, with the real clients of both SDKs of the Model Context Protocol: each finds Gatehouse by the
// server's metadata (RFC 9728), comes by its document or registers itself, and asks for a token for that server alone (RFC 8707).
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { openBrowser, signIn } from '../../../ui/tests/e2e/browser.mjs';
import { freePorts, program, root, startStack } from '../../../ui/tests/e2e/stack.mjs';
import { makeCertificates } from '../certificates.mjs';
import { python, withVersions } from './environment.mjs';
import { recipe, run } from './recipe.mjs';

let stack, browser, page, certificates, documents;
const running = [];
/** An MCP server as the page says, at a port of its own; `open` is whether clients that register themselves may ask for it. */
async function startServer(name, scope, open = true) {
  const [port] = await freePorts(1);
  const address = `http://localhost:${port}/mcp`;
  page = recipe('mcp', { 'https://mcp.example.org/mcp': address, '"Telescope tools"': `"${name}"`,
    'mcp:tools=Use the telescope tools': scope, 'server.py': `${stack.state}/${port}.py`,
    '--open-to registered': open ? '--open-to registered' : '' });
  await run(page.block('sh', 1), stack);
  running.push(await program(python, [`${stack.state}/${port}.py`], { PORT: String(port) }, /running on http/));
  return address;
}

before(async () => {
  const folder = join(root, '.cache/e2e/mcp-certificates');
  mkdirSync(folder, { recursive: true });
  certificates = makeCertificates(folder, ['localhost']);
  const settings = Object.fromEntries(recipe('mcp', {}).block('sh', 0).trim().split('\n').map((line) => line.split('=')));
  const env = { ...settings, SSL_CERT_FILE: certificates.ca, GATEHOUSE_PRIVATE_HOSTS: 'localhost' };
  stack = await startStack('mcp', { hub: false, env });
  browser = await openBrowser(stack.state);
});
after(async () => {
  for (const one of running) await one.stop();
  documents?.close();
  await browser?.close();
  await stack?.stop();
});

/** Serves the metadata document of a client; returns its address, which is the client_id. */
async function document(redirectURI) {
  const [port] = await freePorts(1);
  const id = `https://localhost:${port}/assistant.json`;
  const metadata = { client_id: id, client_name: 'Assistant', redirect_uris: [redirectURI],
    grant_types: ['authorization_code', 'refresh_token'], token_endpoint_auth_method: 'none', application_type: 'native' };
  documents = createServer({ key: readFileSync(certificates.key), cert: readFileSync(certificates.fullchain) }, (_, answer) => {
    answer.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(metadata));
  }).listen(port, '127.0.0.1');
  return id;
}

/** The client of the Python SDK; `lines` are what it has printed, `line(name)` waits for one that has it. */
function pythonClient(...args) {
  const child = spawn(python, [join(root, 'deploy/tests/relying-parties/clients/mcp_client.py'), ...args],
    { stdio: ['ignore', 'pipe', 'pipe'] });
  const lines = [];
  let errors = '';
  child.stderr.on('data', (data) => { errors += data; });
  const waiting = new Set();
  createInterface({ input: child.stdout }).on('line', (line) => { lines.push(JSON.parse(line)); for (const look of waiting) look(); });
  const ended = new Promise((done) => { child.on('close', done); });
  return {
    lines,
    line: (name, nth = 0) => new Promise((found, failed) => {
      const look = () => {
        const line = lines.filter((one) => name in one)[nth];
        if (line) found(line[name]);
      };
      waiting.add(look);
      look();
      ended.then(() => { failed(new Error(`no ${name}: ${JSON.stringify(lines)}\n${errors}`)); });
    }),
    ended,
  };
}

/** Takes pictures of a page: on a desktop, and on a phone in the dark. */
async function pictures(tab, name) {
  await tab.screenshot({ path: `${stack.state}/pictures/${name}.png` });
  const size = tab.viewportSize();
  await tab.setViewportSize({ width: 360, height: 740 });
  await tab.emulateMedia({ colorScheme: 'dark' });
  await tab.screenshot({ path: `${stack.state}/pictures/${name}-phone-dark.png`, fullPage: true });
  assert.deepEqual(await browser.violations(tab), []);
  await tab.setViewportSize(size);
  await tab.emulateMedia({ colorScheme: null });
}

const claims = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));
const list = (aud) => [aud].flat();

let tools, archive, held;
/** Spends the refresh token that the client of the Python SDK holds. */
async function refreshed() {
  const answer = await fetch(`${stack.issuer}/token`, { method: 'POST',
    body: new URLSearchParams({ grant_type: 'refresh_token', resource: tools, ...held }) });
  return { status: answer.status, body: await answer.json() };
}

test('the Python SDK comes by its document, signs in, uses a tool and refreshes', async (t) => {
  withVersions(t, ['mcp', 'PyJWT']);
  tools = await startServer('Telescope tools', 'mcp:tools=Use the telescope tools');
  const [port] = await freePorts(1);
  const redirectURI = `http://127.0.0.1:${port}/callback`;
  const id = await document(redirectURI);
  const client = pythonClient(tools, redirectURI, id);
  const tab = await browser.newPage();
  await browser.watched('python', tab, async () => {
    const address = new URL(await client.line('open'));
    assert.equal(address.searchParams.get('client_id'), id);
    assert.equal(address.searchParams.get('resource'), tools);
    assert.equal(address.searchParams.get('code_challenge_method'), 'S256');
    await tab.goto(address.href);
    await signIn(tab, 'alice', 'demo passphrase');
    await tab.waitForSelector('button[name=consent][value=yes]');
    const says = await tab.innerText('main');
    for (const words of ['Telescope tools', 'Use the telescope tools', new URL(id).host]) {
      assert.ok(says.includes(words), `${words} in ${says}`);
    }
    await pictures(tab, 'document');
    await tab.click('button[name=consent][value=yes]');
    await tab.waitForSelector('text=You can close this page');
  });
  assert.deepEqual(await client.line('tools'), ['who_am_i']);
  const [first, second] = [await client.line('tokens'), await client.line('tokens', 1)];
  for (const { access_token: token } of [first, second]) {
    assert.deepEqual([list(claims(token).aud), claims(token).client_id], [[tools], id]);
    assert.ok(claims(token).scope.split(' ').includes('mcp:tools'));
  }
  assert.notEqual(first.refresh_token, second.refresh_token);
  held = { refresh_token: second.refresh_token, client_id: id };
  assert.equal(await client.line('says', 1), `${claims(first.access_token).sub} by ${id}, acr 1`);
  assert.equal(await client.ended, 0);
});

/** What a client of the TypeScript SDK keeps, in memory. */
class Keeps {
  constructor(redirectUrl) {
    Object.assign(this, { redirectUrl, clientMetadata: { client_name: 'Assistant', redirect_uris: [redirectUrl],
      grant_types: ['authorization_code', 'refresh_token'], token_endpoint_auth_method: 'none' } });
  }

  clientInformation() { return this.client; }

  saveClientInformation(client) { this.client = client; }

  tokens() { return this.saved; }

  saveTokens(tokens) { this.saved = tokens; }

  redirectToAuthorization(url) { this.opens = url; }

  saveCodeVerifier(verifier) { this.verifier = verifier; }

  codeVerifier() { return this.verifier; }
}

/** Opens the address that a client of the TypeScript SDK wants opened; returns the address that the browser comes back to. */
async function backFrom(tab, keeps, steps) {
  await tab.route(`${keeps.redirectUrl}*`, (route) => route.fulfill({ body: 'You can close this page.' }));
  await tab.goto(keeps.opens.href);
  await steps();
  await tab.waitForURL((url) => url.href.startsWith(keeps.redirectUrl));
  return new URL(tab.url()).searchParams;
}

const connected = async (server, keeps) => {
  const transport = new StreamableHTTPClientTransport(new URL(server), { authProvider: keeps });
  const client = new Client({ name: 'assistant', version: '1' });
  await client.connect(transport).catch((e) => { if (e.name !== 'UnauthorizedError' && !/Unauthorized/.test(e.message)) throw e; });
  return { client, transport };
};

let keeps;
test('the TypeScript SDK registers itself, signs in and uses a tool', async (t) => {
  t.diagnostic(`with @modelcontextprotocol/sdk ${JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
    .packages['node_modules/@modelcontextprotocol/sdk'].version}`);
  keeps = new Keeps('http://127.0.0.1:4321/callback');
  const { transport } = await connected(tools, keeps);
  assert.equal(keeps.opens.searchParams.get('resource'), tools);
  const tab = await browser.newPage();
  await browser.watched('typescript', tab, async () => {
    const back = await backFrom(tab, keeps, async () => {
      await signIn(tab, 'alice', 'demo passphrase');
      await tab.click('button[name=consent][value=yes]');
    });
    await transport.finishAuth(back.get('code'));
  });
  assert.deepEqual(list(claims(keeps.saved.access_token).aud), [tools]);
  const { client } = await connected(tools, keeps);
  assert.match((await client.callTool({ name: 'who_am_i', arguments: {} })).content[0].text, / by \S+, acr 1$/);
  await client.close();
});

test('a token for one server is none for another', async () => {
  archive = await startServer('The archive', 'archive:read=Read the archive');
  const answer = await fetch(archive, { method: 'POST', headers: { authorization: `Bearer ${keeps.saved.access_token}` }, body: '{}' });
  assert.equal(answer.status, 401);
  const metadata = `${new URL(archive).origin}/.well-known/oauth-protected-resource/mcp`;
  assert.ok(answer.headers.get('www-authenticate').includes(`resource_metadata="${metadata}"`));
});

test('of two servers the consent page says both', async () => {
  const tab = await browser.newPage();
  const both = new URL(keeps.opens);
  both.searchParams.append('resource', archive);
  both.searchParams.set('scope', 'mcp:tools archive:read offline_access');
  await browser.watched('both', tab, async () => {
    await tab.goto(both.href);
    await signIn(tab, 'alice', 'demo passphrase');
    await tab.waitForSelector('button[name=consent][value=yes]');
    const says = await tab.innerText('main');
    for (const words of ['Telescope tools', 'The archive', 'Use the telescope tools', 'Read the archive', '127.0.0.1']) {
      assert.ok(says.includes(words), `${words} in ${says}`);
    }
    await pictures(tab, 'two');
  });
});

test('a server that nobody opened is refused', async () => {
  const closed = await startServer('The safe', 'safe:open=Open the safe', false);
  const mine = new Keeps(keeps.redirectUrl);
  mine.client = keeps.client;
  await connected(closed, mine);
  const answer = await fetch(mine.opens, { redirect: 'manual' });
  assert.equal(new URL(answer.headers.get('location')).searchParams.get('error'), 'invalid_target');
});

test('who is in none of its groups reads that it is not open to them, and the client is told', async () => {
  await stack.sql(page.block('sql').replace(/WHERE.*/, `WHERE identifier = '${tools}';`).replace("min_acr = 'mfa', ", ''));
  const [port] = await freePorts(1);
  const redirectURI = `http://127.0.0.1:${port}/callback`;
  const client = pythonClient(tools, redirectURI);
  const tab = await browser.newPage();
  await browser.watched('refused', tab, async () => {
    await tab.goto(await client.line('open'));
    await signIn(tab, 'alice', 'demo passphrase');
    await tab.waitForSelector('button[name=cancel]');
    const says = await tab.innerText('main');
    assert.ok(says.includes('You may not use this service') && says.includes('Telescope tools is not open to your account'), says);
    await pictures(tab, 'not-admitted');
    await tab.click('button[name=cancel]');
    await tab.waitForSelector('text=You can close this page');
  });
  assert.equal(await client.line('error'), 'access_denied');
  await client.ended;

  // What was allowed before ends at once.
  const { status, body } = await refreshed();
  assert.deepEqual([status, body.error], [400, 'invalid_target']);
});

test('a member is asked for what the server asks for, and gets a token that lasts as long as it says', async () => {
  await stack.sql(`INSERT INTO groups (name) VALUES ('astronomers'); INSERT INTO group_members VALUES ('astronomers', 'alice');
    UPDATE resources SET min_acr = 'mfa' WHERE identifier = '${tools}';`);
  const tab = await browser.newPage();
  await browser.watched('mfa', tab, async () => {
    await tab.goto(keeps.opens.href);
    await signIn(tab, 'alice', 'demo passphrase');
    await tab.waitForSelector('text=More than a password is required by Telescope tools');
    await pictures(tab, 'mfa');
  });
  await stack.sql(`UPDATE resources SET min_acr = NULL WHERE identifier = '${tools}';`);
  const { body } = await refreshed();
  assert.equal(body.expires_in, 300, JSON.stringify(body));
});
