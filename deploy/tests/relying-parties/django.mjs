// The site of deploy/django beside a Gatehouse, as docs/recipes/django.md says.
import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { openBrowser, signIn } from '../../../ui/tests/e2e/browser.mjs';
import { freePorts, program, root, startStack } from '../../../ui/tests/e2e/stack.mjs';
import { python } from './environment.mjs';
import { recipe, run, secretIn } from './recipe.mjs';

/** Starts Gatehouse, registers the site and runs it. */
export async function startSite(name) {
  const stack = await startStack(name, { hub: false });
  const browser = await openBrowser(stack.state);
  const [port] = await freePorts(1);
  const [site, intranet] = [`http://localhost:${port}`, `http://127.0.0.1:${port}`];
  const places = { 'https://api.example.org': stack.issuer, 'https://django.example.org': site, 'https://intranet.example.org': intranet,
    'django.example.org,intranet.example.org': 'localhost,127.0.0.1' };
  const page = recipe('django', places);
  const secret = secretIn(await run(page.block('sh', 0), stack));
  const variables = (more) => ({ PYTHON: python, PATH: `${dirname(python)}:${process.env.PATH}`, STATE: join(stack.state, 'django'),
    LISTEN: `127.0.0.1:${port}`, ...more });
  const command = `exec env ${page.block('sh', 1).replaceAll('the-secret-that-was-printed', secret).trim()}`;
  let django;
  mkdirSync(join(stack.state, 'django'));

  const all = {
    stack, browser, site, intranet, places, page, secret,
    /** What the site has written to its log. */
    log: () => django.text(),
    /** Runs the site as the page says, anew if it runs; `more` are settings that a test changes. */
    async start(more) {
      await django?.stop();
      django = await program('bash', ['-euc', command], variables(more), /Quit the server with CONTROL-C/);
    },
    async stop() {
      await django?.stop();
      await browser.close();
      await stack.stop();
    },
    /** Asks Gatehouse about each user, as the page says. */
    check: () => run(`${command} check_users`, stack, { env: variables() }),
    /** The same, again and again, until its output has `ready`. */
    checkAgain: (ready) => program('bash', ['-euc', `${command} check_users --every 1`], variables(), ready),
    /** Runs a command of Django; `more` are settings that a test changes. */
    manage: async (args, more) => (await promisify(execFile)(join(root, 'deploy/django/start'), args, { env: { ...process.env,
      ...variables({ ISSUER: stack.issuer, CLIENT_ID: 'django', CLIENT_SECRET: secret, ...more }) } })).stdout.trim(),
    python: (script) => all.manage(['shell', '-v', '0', '-c', script]),
    /** Presses the button that /info has for Gatehouse, and types the password where it is asked for. */
    async signInAt(tab, origin = site) {
      await tab.goto(origin);
      await tab.click('text=Sign in with Gatehouse');
      await tab.waitForURL((url) => url.href.startsWith(`${stack.ui}/login`) || url.href === `${origin}/`);
      if (!tab.url().startsWith(origin)) {
        await tab.waitForSelector('input[name=username]');
        await signIn(tab, 'alice', 'demo passphrase');
        await tab.waitForURL(`${origin}/`);
      }
      await tab.waitForSelector('#name');
    },
    /** What a program with this token is told about its user. */
    async api(token) {
      const answer = await fetch(`${site}/api/me`, { headers: { authorization: `Bearer ${token}` } });
      return { status: answer.status, challenge: answer.headers.get('www-authenticate'), body: await answer.json() };
    },
  };
  await all.start();
  return all;
}

/** What a page of the site gets from one of its addresses. */
export const asked = (tab, path) => tab.evaluate(async (p) => (await fetch(p)).json(), path);
