// A private certificate authority: the Hub and Gatehouse speak https to each other, and each believes that authority only if it is told to.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { makeCertificates } from '../../../deploy/tests/certificates.mjs';
import { arrived, openBrowser } from './browser.mjs';
import { startHub, within } from './jupyterhub.mjs';
import { forget, freePorts, program, root } from './stack.mjs';

const state = join(root, '.cache/e2e/hub-tls');
const bin = join(root, '.cache/bin');
const running = [];
let stack, browser, certificates, tls;

before(async () => {
  rmSync(state, { recursive: true, force: true });
  mkdirSync(state, { recursive: true });
  certificates = makeCertificates(state, ['localhost']);
  tls = `
c.JupyterHub.ssl_cert = "${certificates.fullchain}"
c.JupyterHub.ssl_key = "${certificates.key}"`;
  const postgres = await program(join(bin, 'dev'), ['--fresh', 'postgres'],
    { DATABASE_URL: '', DEV_STATE: join(state, 'database') }, /^postgres:.*\n/m);
  running.push(postgres);
  const [api, ui] = await freePorts(2);
  const env = {
    DATABASE_URL: postgres.text().trim(), GATEHOUSE_ISSUER: `https://localhost:${api}`, GATEHOUSE_UI_ORIGIN: `https://localhost:${ui}`,
    GATEHOUSE_LISTEN: `127.0.0.1:${api}`, GATEHOUSE_UI_LISTEN: `127.0.0.1:${ui}`, GATEHOUSE_UI_ROOT: join(root, 'ui/dist'),
    GATEHOUSE_TLS_CERT_FILE: certificates.fullchain, GATEHOUSE_TLS_KEY_FILE: certificates.key,
    GATEHOUSE_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
    // What an operator of such a place sets: the Hub is at a private address, with a certificate of the authority.
    GATEHOUSE_PRIVATE_HOSTS: 'localhost', SSL_CERT_FILE: certificates.ca,
  };
  const gatehouse = async (args) => (await promisify(execFile)(join(bin, 'gatehouse'), args, { env: { ...process.env, ...env } })).stdout;
  await gatehouse(['migrate', '--dev']);
  for (const command of ['serve', 'ui']) running.push(await program(join(bin, 'gatehouse'), [command], env, /listening/));
  stack = { state, issuer: env.GATEHOUSE_ISSUER, ui: env.GATEHOUSE_UI_ORIGIN, gatehouse };
  browser = await openBrowser(state, { ignoreHTTPSErrors: true });
});
after(async () => {
  await browser?.close();
  for (const one of running.reverse()) await one.stop();
  forget(join(state, 'database/postgres'));
});

test('with http_request_kwargs people sign in, and the logout of Gatehouse reaches the Hub', async () => {
  const hub = await startHub(stack, { id: 'trusting', origin: 'https://localhost',
    settings: `${tls}\nc.GenericOAuthenticator.http_request_kwargs = {"ca_certs": "${certificates.ca}"}` });
  running.push(hub);
  const page = await browser.newPage();
  await browser.watched('trusting', page, async () => {
    await hub.signIn(page, 'alice', 'demo passphrase');
    assert.deepEqual((await hub.user(page)).groups, ['hub-admins']);
    await page.goto(`${stack.issuer}/logout`);
    await page.click('button[name=logout][value=yes]');
    await arrived(page, `${stack.ui}/signed-out`);
    await within(10, 'the Hub does not know alice', async () => !await hub.knows(page));
  });
  assert.match(await stack.gatehouse(['client', 'logouts', 'trusting']), /alice +delivered/);
});

test('without it the Hub answers 500, and its log says why', async () => {
  const hub = await startHub(stack, { id: 'plain', origin: 'https://localhost', settings: tls });
  running.push(hub);
  const page = await browser.newPage();
  await hub.signIn(page, 'alice', 'demo passphrase', '/hub/oauth_callback');
  assert.match(await page.innerText('body'), /500 : Internal Server Error/);
  assert.match(hub.text(), /CERTIFICATE_VERIFY_FAILED/);
});
