// docs/recipes/minio.md: the rows of the page, the tokens that MinIO reads, and MinIO itself where it has been built.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { freePorts, program, root, startStack } from '../../../ui/tests/e2e/stack.mjs';
import { python, withVersions } from './environment.mjs';
import { recipe, run, secretIn } from './recipe.mjs';
import { serverOf } from './servers.mjs';
import { signIn, tokensFor } from './sign-in.mjs';

const hubCallback = 'http://localhost:1/hub/oauth_callback';
let stack, page, secret, place, consolePlace;
before(async () => {
  stack = await startStack('claims-minio', { hub: false });
  const ports = await freePorts(2);
  [place, consolePlace] = ports.map((port) => `http://localhost:${port}`);
  page = recipe('minio', { 'https://api.example.org': stack.issuer, 'https://minio.example.org': consolePlace });
  secret = secretIn(await run(page.block('sh'), stack));
  // A Hub, without a secret so that it is short to have a token of, and groups of both kinds.
  await stack.gatehouse(['client', 'add', 'jupyterhub', '--public', '--first-party', '--redirect-uri', hubCallback]);
  await stack.sql(`UPDATE clients SET audiences = audiences || '{minio}' WHERE client_id = 'jupyterhub';
    INSERT INTO groups (name) VALUES ('minio-readonly'), ('minio-of-nobody');
    INSERT INTO group_members (username, group_name) VALUES ('alice', 'minio-readonly');`);
  const claims = page.block('sh', 1).split('\n').filter((line) => line.startsWith('gatehouse')).join('\n');
  assert.match(page.block('sh', 1), /SET audiences = audiences \|\| '\{minio\}' WHERE client_id = 'jupyterhub'/);
  await run(claims, stack);
  await new Promise((heard) => { setTimeout(heard, 1000); });
});
after(() => stack?.stop());

const claimsOf = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));
const fromHub = () => tokensFor(stack, 'jupyterhub', hubCallback, 'openid profile');
/** Puts alice into a group, or takes her out of it, for as long as something runs. */
async function whileIn(group, inIt, then) {
  const enter = `INSERT INTO group_members (username, group_name) VALUES ('alice', '${group}');`;
  const leave = `DELETE FROM group_members WHERE username = 'alice' AND group_name = '${group}';`;
  await stack.sql(inIt ? enter : leave);
  try {
    await then();
  } finally {
    await stack.sql(inIt ? leave : enter);
  }
}

test('the rows of the page make policies of groups, and gatehouse claims prints them', async () => {
  const printed = JSON.parse(await stack.gatehouse(['claims', 'minio', 'alice']));
  assert.deepEqual(printed.id_token.policy, ['readonly']);
  assert.deepEqual(printed.rows.map((row) => row.makes), [[], ['readonly']]);
  assert.equal(printed.access_token.policy, undefined);
  const hub = claimsOf((await fromHub()).access_token);
  assert.deepEqual([hub.policy, hub.aud], [['readonly'], [stack.issuer, 'minio']]);
  await whileIn('storage-admins', true, async () => {
    const { policy } = JSON.parse(await stack.gatehouse(['claims', 'minio', 'alice'])).id_token;
    assert.deepEqual(policy, ['consoleAdmin', 'readonly']);
  });
});

const skip = !serverOf('minio') && 'minio is not there: node deploy/tests/relying-parties/servers.mjs builds it';
describe('MinIO itself', { skip }, () => {
  let minio;
  const admin = { MINIO_ROOT_USER: 'root-of-minio', MINIO_ROOT_PASSWORD: 'only-for-this-test' };
  before(async () => {
    const settings = page.here(readFileSync(join(root, 'deploy/recipes/minio/minio.env'), 'utf8')).replace('…', secret);
    const env = Object.fromEntries([...settings.matchAll(/^(MINIO_\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]));
    const data = join(stack.state, 'minio');
    mkdirSync(data);
    const at = (where) => `127.0.0.1:${new URL(where).port}`;
    minio = await program(serverOf('minio'), ['server', '--address', at(place), '--console-address', at(consolePlace), data],
      { ...env, ...admin, MINIO_CALLHOME_ENABLE: 'off', MINIO_UPDATE: 'off' }, /Docs: /);
    await withKeys(admin, 'client.make_bucket(bucket_name="telescope")');
  });
  after(() => minio?.stop());

  /** Runs a line of Python with a client of MinIO that has these keys. */
  const withKeys = (keys, line) => promisify(execFile)(python, ['-c', `import os
from minio import Minio
client = Minio(endpoint="${new URL(place).host}", secure=False,
  access_key="${keys.MINIO_ROOT_USER}", secret_key="${keys.MINIO_ROOT_PASSWORD}")
${line}`]);
  /** What buckets.py prints, or the last line of what it complains of. */
  async function buckets(token, command = page.block('sh', 2)) {
    const env = { ACCESS_TOKEN: token };
    const here = command.replace(/MINIO_ENDPOINT=\S+ python3/, `MINIO_ENDPOINT=${place} ${python}`);
    return (await run(here, stack, { env }).catch((e) => `refused: ${e.stderr}`)).trim();
  }
  /** What MinIO answers to a token (AssumeRoleWithWebIdentity). */
  async function sts(token) {
    const answer = await fetch(place, { method: 'POST', body: new URLSearchParams({ Action: 'AssumeRoleWithWebIdentity',
      Version: '2011-06-15', DurationSeconds: 3600, WebIdentityToken: token }) });
    return { status: answer.status, text: await answer.text() };
  }
  /** An ID token for MinIO, got as its console did as long as it had a sign-in: with the secret and without PKCE. */
  async function idToken() {
    const redirect_uri = `${consolePlace}/oauth_callback`;
    const back = new URL(await signIn(stack, `${stack.issuer}/authorize?${new URLSearchParams({ client_id: 'minio', redirect_uri,
      response_type: 'code', scope: 'openid profile email', state: 's' })}`));
    const answer = await fetch(`${stack.issuer}/token`, { method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`minio:${secret}`).toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'authorization_code', code: back.searchParams.get('code'), redirect_uri }) });
    return (await answer.json()).id_token;
  }
  /** A token that MinIO might take: it has the secret for a key, too. */
  function forged(claims, key) {
    const encoded = (part) => Buffer.from(JSON.stringify(part)).toString('base64url');
    const parts = [{ alg: 'HS256', kid: 'minio', typ: 'JWT' }, claims].map(encoded);
    return `${parts.join('.')}.${createHmac('sha256', key).update(parts.join('.')).digest('base64url')}`;
  }

  test('a notebook lists buckets with the token of its Hub', async (t) => {
    withVersions(t, ['minio']);
    assert.equal(await buckets((await fromHub()).access_token), "['telescope']");
  });

  test('the ID token of a sign-in is worth keys, by the policies of its groups', async () => {
    const given = await sts(await idToken());
    assert.equal(given.status, 200, given.text);
    assert.match(given.text, /<AccessKeyId>/);
  });

  test('who is in no such group gets no keys, and is told so', async () => {
    await whileIn('minio-readonly', false, async () => {
      const refused = await sts((await fromHub()).access_token);
      assert.equal(refused.status, 400);
      const says = 'are defined, credentials will not be generated';
      assert.ok(refused.text.includes(says) && page.text.includes(says), refused.text);
      assert.equal((await sts(await idToken())).status, 400);
    });
  });

  test('a group for which there is no policy gives nothing', async () => {
    await whileIn('minio-readonly', false, () => whileIn('minio-of-nobody', true, async () => {
      const refused = await sts((await fromHub()).access_token);
      assert.equal(refused.status, 400, refused.text);
    }));
  });

  test('a token for something else is refused', async () => {
    const { id_token: forHub } = await fromHub();
    const refused = await sts(forHub);
    assert.equal(refused.status, 400);
    assert.match(refused.text, /`azp` claim invalid/);
  });

  test('nobody makes a token but who has the secret', async () => {
    const claims = { aud: 'minio', sub: 'x', exp: Math.floor(Date.now() / 1000) + 600, policy: 'consoleAdmin' };
    for (const key of ['', 'minio', 'wrong']) assert.equal((await sts(forged(claims, key))).status, 400, key);
    assert.equal((await sts(forged(claims, secret))).status, 200, 'the page says so');
  });
});
