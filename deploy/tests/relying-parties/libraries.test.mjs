// Web applications made with openid-client, Authlib and go-oidc, as their pages of docs/recipes say.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { arrived, openBrowser, signIn } from '../../../ui/tests/e2e/browser.mjs';
import { freePorts, program, root, startStack } from '../../../ui/tests/e2e/stack.mjs';
import { makeCertificates } from '../certificates.mjs';
import { python, withVersions } from './environment.mjs';
import { recipe, run, secretIn } from './recipe.mjs';

const npm = (name) => JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8')).version;
const go = (name) => readFileSync(join(root, 'go.mod'), 'utf8').match(new RegExp(`${name}(?:/v\\d+)? v(\\S+)`))[1];

// What the program says when it listens, the variable that names an authority of one's own, and what it says when something is wrong.
const libraries = {
  'openid-client': {
    ready: /is listening/, trust: 'NODE_EXTRA_CA_CERTS', versions: (t) => t.diagnostic(`with openid-client ${npm('openid-client')}`),
    says: {
      cookie: 'This sign-in did not begin in this browser',
      secret: 'OAUTH_WWW_AUTHENTICATE_CHALLENGE: server responded with a challenge in the WWW-Authenticate HTTP Header',
      authority: 'unable to get local issuer certificate',
      clock: 'unexpected JWT "exp" (expiration time) claim value',
    },
  },
  authlib: {
    ready: /Running on/, trust: 'REQUESTS_CA_BUNDLE', versions: (t) => withVersions(t, ['Authlib', 'Flask']),
    says: {
      cookie: 'mismatching_state: CSRF Warning! State not equal in request and response.',
      secret: 'invalid_client: client authentication failed',
      authority: 'certificate verify failed: unable to get local issuer certificate',
      clock: 'expired_token: The token is expired',
      slash: '404 Client Error: Not Found for url: ',
    },
  },
  'go-oidc': {
    ready: /is listening/, trust: 'SSL_CERT_FILE',
    versions: (t) => { for (const name of ['go-oidc', 'x/oauth2']) t.diagnostic(`with ${name} ${go(name)}`); },
    says: {
      cookie: 'This sign-in did not begin in this browser',
      secret: 'oauth2: "invalid_client" "client authentication failed"',
      authority: 'tls: failed to verify certificate: x509: certificate signed by unknown authority',
      slash: 'did not match the issuer URL returned by provider',
    },
  },
};

let stack, browser, untrusted, certificates, clocks;
before(async () => {
  stack = await startStack('libraries', { hub: false });
  browser = await openBrowser(stack.state);
  const folder = join(stack.state, 'certificates');
  mkdirSync(folder);
  certificates = makeCertificates(folder, ['localhost']);
  clocks = join(stack.state, 'clocks');
  mkdirSync(clocks);
  writeFileSync(join(clocks, 'sitecustomize.py'), 'import time\nreal = time.time\ntime.time = lambda: real() + 3600\n');
  writeFileSync(join(clocks, 'clock.mjs'), `globalThis.Date = class extends Date {
    constructor(...args) { super(...(args.length ? args : [Date.now()])); }
    static now() { return super.now() + 3_600_000; }
  };`);
  const files = { key: readFileSync(certificates.key), cert: readFileSync(certificates.fullchain) };
  untrusted = createServer(files, async (request, response) => {
    const answer = await fetch(stack.issuer + request.url);
    response.end((await answer.text()).replaceAll(stack.issuer, `https://localhost:${untrusted.address().port}`));
  });
  await new Promise((done) => { untrusted.listen(0, 'localhost', done); });
});
after(async () => {
  untrusted?.close();
  await browser?.close();
  await stack?.stop();
});

for (const [name, { ready, trust, versions, says }] of Object.entries(libraries)) {
  describe(name, () => {
    let page, base, secret, app;
    const start = (change = {}) => program('bash', ['-euc', page.block('sh', 1)
      .replace('CLIENT_SECRET=…', `CLIENT_SECRET=${change.secret ?? secret}`)
      .replace(`ISSUER=${stack.issuer}`, `ISSUER=${change.issuer ?? stack.issuer}`)
      .replace(`BASE_URL=${base}`, `BASE_URL=${change.base ?? base}`)],
    { PATH: `${dirname(python)}:${process.env.PATH}`, PORT: new URL(base).port, ...change.env }, ready, { group: true });
    const restart = async (change) => {
      await app?.stop('SIGKILL');
      app = undefined; // should the next one not start
      app = await start(change);
    };
    /** The page quotes an error as it was said, a moment ago perhaps. */
    const quoted = async (what, said) => {
      for (let i = 0; i < 50 && !said().includes(what); i += 1) await new Promise((r) => { setTimeout(r, 100); });
      assert.ok(said().includes(what), said());
      assert.ok(page.text.replaceAll(/\s+/g, ' ').includes(what), `the page does not quote: ${what}`);
    };
    const redirectOf = async (address) => (await fetch(address, { redirect: 'manual' })).headers.get('location');

    /** What a program says that may not even start. */
    const refusalOf = (change) => restart(change).then(async () => {
      await fetch(`${base}/login`);
      return app.text;
    }, (e) => () => e.message);
    const newPage = () => browser.newPage();
    /** Signs alice in, with her consent where it is asked for, and waits for the application's answer. */
    const signInBy = async (person) => {
      await person.goto(`${base}/login`);
      await signIn(person, 'alice', 'demo passphrase');
      const consent = person.locator('button[name=consent][value=yes]');
      await consent.or(person.locator(`text=/Hello|sign-in failed/`)).first().waitFor();
      if (await consent.count()) await consent.click();
      await arrived(person, base);
    };

    before(async () => {
      const [port] = await freePorts(1);
      base = `http://localhost:${port}`;
      page = recipe(name, { 'https://api.example.org': stack.issuer, 'https://app.example.org': base, '--port 3000': `--port ${port}` });
      secret = secretIn(await run(page.block('sh', 0), stack));
      app = await start();
    });
    after(() => app?.stop());

    test('signs in, knows name and groups, and signs out of Gatehouse too', async (t) => {
      versions(t);
      const alice = await newPage();
      await browser.watched(name, alice, async () => {
        await alice.goto(base);
        assert.equal(new URL(await alice.getAttribute('text=Sign in', 'href'), base).href, `${base}/login`);
        await signInBy(alice);
        assert.equal(await alice.innerText('p'), 'Hello Alice, in hub-admins');
        await alice.screenshot({ path: `${stack.state}/pictures/${name}.png` });
        await alice.click('text=Sign out');
        await arrived(alice, `${base}/`);
        await alice.click('text=Sign in');
        await arrived(alice, `${stack.ui}/login`);
      });
      await alice.context().close();
    });
    test('an address that is none stops nobody', async () => {
      await fetch(`${base}//`);
      assert.equal((await fetch(base)).status, 200);
    });

    test('an answer to another browser is refused', async () => {
      const refused = await fetch(`${base}/callback?code=x&state=y`);
      assert.equal(refused.status, 400);
      const shown = await refused.text();
      await quoted(says.cookie, () => shown + app.text());
    });

    test('a wrong secret is named in the log', async () => {
      await restart({ secret: 'wrong' });
      await signInBy(await newPage());
      await quoted(says.secret, app.text);
    });

    test('a redirect URI with another scheme or port stops at Gatehouse', async () => {
      await restart({ base: base.replace('http:', 'https:') });
      const lost = await newPage();
      await lost.goto(await redirectOf(`${base}/login`));
      const shown = await lost.innerText('h1');
      await quoted(shown, () => shown);
    });

    test('an authority of your own has to be trusted', async () => {
      const issuer = `https://localhost:${untrusted.address().port}`;
      await quoted(says.authority, await refusalOf({ issuer }));
      await quoted(trust, () => trust);
      await restart({ issuer, env: { [trust]: certificates.ca } });
      assert.ok((await redirectOf(`${base}/login`)).startsWith(`${issuer}/authorize`));
    });

    if (says.slash) {
      test('an issuer that ends with a slash is named in the log', async () => {
        await quoted(says.slash, await refusalOf({ issuer: `${stack.issuer}/` }));
      });
    }

    if (!says.clock) return; // it cannot be set from outside
    test('a clock that is an hour ahead is named in the log', async () => {
      await restart({ env: { PYTHONPATH: clocks, NODE_OPTIONS: `--import ${join(clocks, 'clock.mjs')}` } });
      await signInBy(await newPage());
      await quoted(says.clock, app.text);
    });
  });
}
