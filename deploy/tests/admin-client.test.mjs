// A client is generated from the OpenAPI document of the admin API, type-checked, and drives a day of an administrator.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import openapiTS, { astToString } from 'openapi-typescript';
import ts from 'typescript';
import { freePorts } from '../../ui/tests/e2e/stack.mjs';
import { build, environment, project, startPostgres } from './api.mjs';
import { start } from './web-servers.mjs';

let dir, file, postgres, api, site, command, plan;
before(async () => {
  mkdirSync(join(project, '.cache'), { recursive: true });
  dir = mkdtempSync(join(project, '.cache/admin-client-')); // below the project, so that its packages are found
  file = join(dir, 'day.yaml');
  const gatehouse = build(dir);
  postgres = await startPostgres(dir);
  const [apiPort] = await freePorts(1);
  const origin = `http://127.0.0.1:${apiPort}`;
  site = { apiOrigin: origin, uiOrigin: origin, apiPort, database: postgres.url };
  const env = environment(site);
  command = (...args) => execFileSync(gatehouse, args, { env, encoding: 'utf8' });
  plan = () => {
    const { status, stdout, stderr } = spawnSync(gatehouse, ['plan', file, '--people'], { env, encoding: 'utf8' });
    return [status, stdout, stderr];
  };
  command('migrate');
  api = await start(gatehouse, ['serve'], apiPort, { env });
});
after(async () => {
  await api?.stop();
  await postgres?.stop();
  rmSync(dir, { recursive: true, force: true });
});

/** Returns the module that day.ts is, with what tsc says of it against the types of the document. */
async function compiled(document) {
  writeFileSync(join(dir, 'schema.d.ts'), astToString(await openapiTS(document)));
  copyFileSync(join(import.meta.dirname, 'admin/day.ts'), join(dir, 'day.ts'));
  const options = { strict: true, target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, lib: ['lib.es2022.d.ts', 'lib.dom.d.ts'],
    moduleResolution: ts.ModuleResolutionKind.Bundler, allowImportingTsExtensions: true, rewriteRelativeImportExtensions: true,
    types: [], skipLibCheck: true };
  const program = ts.createProgram([join(dir, 'day.ts')], options);
  const wrong = ts.getPreEmitDiagnostics(program);
  assert.equal(ts.formatDiagnostics(wrong, { getCanonicalFileName: (f) => f, getCurrentDirectory: () => dir, getNewLine: () => '\n' }), '');
  program.emit(undefined, (name, text) => writeFileSync(name.replace(/\.js$/, '.mjs'), text));
  return import(join(dir, 'day.mjs'));
}

test('a generated client drives a whole day: person, group, client, rotation, offboarding', async () => {
  const resource = `${site.apiOrigin}/admin/v1`;
  const document = await (await fetch(`${resource}/openapi.json`)).json();
  const { day } = await compiled(document);
  const made = command('client', 'add', 'robot', '--service', '--scope', 'admin.write', '--audience', resource);
  const secret = /client_secret (\S+)/.exec(made)[1];
  const answer = await (await fetch(`${site.apiOrigin}/token`, { method: 'POST',
    headers: { Authorization: `Basic ${btoa(`robot:${secret}`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }) })).json();
  command('group', 'add', 'staff', '--description', 'Everybody');
  const before = command('export', '--people');
  const line = before.split('\n').indexOf('  - name: staff') + 1;
  writeFileSync(file, before);
  command('apply', file, '--people');
  assert.deepEqual(plan(), [0, 'no changes\n', '']);
  assert.deepEqual(await day(resource, answer.access_token), ['/link',
    `409 the group is declared in day.yaml, line ${line}: change it there; or here with declared_anyway=true: the next apply takes `
      + 'it back', 'ada in physics101', 'rotated', '412 changed_meanwhile',
    'gatehouse user disable ada', '404']);
  // What is new is in no file, so the difference is the change that was made on purpose, and no other.
  assert.deepEqual(plan(), [2, `BEGIN;

-- day.yaml, line ${line}: group "staff" changes
--   description: 'Nearly everybody' → 'Everybody'
UPDATE groups SET description = 'Everybody'
WHERE name = 'staff';

COMMIT;
-- 1 to update
`, '']);
  writeFileSync(file, command('export', '--people'));
  assert.match(readFileSync(file, 'utf8'), /name: physics101\n[^]*description: Nearly everybody\n[^]*client_id: hub\n/);
  const [status, said] = plan();
  assert.match(said, /\n-- no changes, 2 to mark as declared\n$/); // the group and the client of the day
  assert.equal(status, 0);
  const audit = command('audit', '--json').trim().split('\n').map((line) => JSON.parse(line));
  const done = audit.filter((row) => row.actor === 'client:robot').map((row) => `${row.door}: ${row.operation}`);
  const operations = ['group add', 'user add', 'user link', 'client add', 'client rotate-secret', 'user set', 'user disable',
    'user remove'];
  for (const operation of operations) {
    assert.ok(done.includes(`api: ${operation}`), `${operation} is not in ${done}`);
  }
  assert.equal(audit.find((row) => row.operation === 'user set').after.email, 'ada@example.org');
});
