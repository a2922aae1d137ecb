// Personal access tokens, made on the account page and used at the site of deploy/django, as docs/recipes/personal-access-tokens.md says.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { arrived, assertNoneIn, signIn } from '../../../ui/tests/e2e/browser.mjs';
import { asked, startSite } from './django.mjs';
import { python, withVersions } from './environment.mjs';
import { recipe, run, secretIn } from './recipe.mjs';

let all, stack, browser, site, tokens, person, token;
before(async () => {
  all = await startSite('personal-access-tokens');
  ({ stack, browser, site } = all);
  tokens = recipe('personal-access-tokens', all.places);
  person = await browser.newPage();
  await all.signInAt(person);
});
after(() => all?.stop());

const makeToken = async (name) => {
  await person.goto(site);
  await person.click('text=Make a token for Python');
  await arrived(person, `${stack.ui}/account`);
  await person.click('summary:text-is("New token")');
  await person.fill('input[name=name]', name);
  await person.check('input[name=scope][value=email]');
  await person.click('form[action$="/account/tokens"] button[type=submit]');
  const value = await person.inputValue('#token-value');
  browser.secrets.set(value, `token ${name}`);
  return value;
};

test('a token is made on the account page, and shown once', (t) => browser.watched('token', person, async () => {
  withVersions(t, ['Django', 'mozilla-django-oidc', 'requests']);
  token = await makeToken('My laptop');
  assert.match(token, /^gatehouse_pat_[\w-]{43}$/);
  assert.ok(!person.url().includes('gatehouse_pat'));
  assert.deepEqual(await browser.violations(person), []);
  await person.screenshot({ path: join(stack.state, 'pictures/account-new-token.png'), fullPage: true });
  await person.reload();
  await person.waitForSelector('h3:text("My laptop")');
  assert.equal(await person.$('#token-value'), null);
  await person.screenshot({ path: join(stack.state, 'pictures/account.png'), fullPage: true });
}));

test('a token lets a program into the API as the same user, as the recipe has it', async () => {
  const { status, body } = await all.api(token);
  assert.equal(status, 200);
  assert.equal(body.email, 'alice@example.org');
  await person.goto(site);
  assert.equal(body.sub, (await asked(person, '/api/me')).sub);
  const script = new Promise((resolve, reject) => {
    const child = execFile(python, ['-c', tokens.block('python')],
      (error, stdout, stderr) => (error ? reject(new Error(stderr)) : resolve(stdout)));
    child.stdin.end(`${token}\n`);
  });
  assert.match(await script, /Hello Alice\n$/);
  const clientSecret = secretIn(await run(tokens.block('sh', 1), stack));
  const env = { TOKEN: token, CLIENT_SECRET: clientSecret };
  assert.equal(JSON.parse(await run(tokens.block('sh', 0), stack, { env })).sub, body.sub);
  const said = JSON.parse(await run(tokens.block('sh', 2), stack, { env }));
  assert.deepEqual([said.active, said.sub, said.scope, said.client_id], [true, body.sub, 'openid email', undefined]);
});

test('a token is refused without a user, and so is a token of another application', async () => {
  await stack.sql(`UPDATE users SET disabled_at = now() WHERE username = 'alice';`);
  const refused = await all.api(token);
  await stack.sql(`SET gatehouse.keep_sessions = on; UPDATE users SET disabled_at = NULL;`);
  assert.deepEqual([refused.status, refused.challenge, refused.body], [401, 'Bearer error="invalid_token"', { error: 'invalid_token' }]);
  assert.equal((await all.api(token)).status, 200);
  for (const other of ['gatehouse_pat_guessed', 'nonsense', '']) assert.equal((await all.api(other)).status, 401, other);
  const access = await all.python(`
from django.conf import settings as s
from portal import provider
from portal.models import Identity
mine = Identity.objects.get()
answer = provider.ask(s.OIDC_OP_TOKEN_ENDPOINT, grant_type="refresh_token", refresh_token=mine.refresh_token).json()
Identity.objects.update(refresh_token=answer["refresh_token"])
print(answer["access_token"])`);
  assert.match(access, /^eyJ/);
  assert.equal((await all.api(access)).status, 401);
});

test('a token is revoked on the account page, from the next request on', () => browser.watched('revoke', person, async () => {
  const second = await makeToken('Nightly job');
  await person.click('li:has(h3:text("My laptop")) summary');
  await person.click('li:has(h3:text("My laptop")) button[name=revoke]');
  await person.waitForSelector('h3:text("My laptop")', { state: 'detached' });
  assert.deepEqual([(await all.api(token)).status, (await all.api(second)).status], [401, 200]);
  const listed = await run(tokens.block('sh', 3), stack);
  assert.match(listed, /Nightly job +openid email/);
  assert.match(listed, /revoked tokens of alice: 1/);
  assert.equal((await all.api(second)).status, 401);
}));

test('a token needs a sign-in that is fresh, and is made right after it', () => browser.watched('fresh', person, async () => {
  await person.goto(`${stack.issuer}/account`);
  await arrived(person, `${stack.ui}/account`);
  await stack.sql(`UPDATE sessions SET auth_time = auth_time - interval '20 minutes';`);
  await person.click('summary:text-is("New token")');
  await person.fill('input[name=name]', 'After lunch');
  await person.click('form[action$="/account/tokens"] button[type=submit]');
  await arrived(person, `${stack.ui}/login`);
  assert.equal(await person.inputValue('input[name=username]'), 'alice');
  await signIn(person, 'alice', 'demo passphrase');
  await arrived(person, `${stack.ui}/account`);
  const value = await person.inputValue('#token-value');
  browser.secrets.set(value, 'token After lunch');
  assert.equal((await all.api(value)).status, 200);
}));

test('no token is in a log', () => {
  assert.equal([...browser.secrets.values()].filter((what) => what.startsWith('token')).length, 3);
  assertNoneIn(new Map([...stack.logs(), ['the site', all.log()]]), browser.secrets);
});
