// Faults, for seconds: what breaks under load loses nothing that people were told, and nothing happens twice. `npm run test:faults` has
// all of them, for minutes.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { project } from './api.mjs';
import { missingPrograms } from './web-servers.mjs';

const run = promisify(execFile);
const skip = missingPrograms({ nginx: 'nginx-light' }) || false;

test('what breaks loses nothing, and nothing happens twice', { skip }, async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'faults-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  await run('go', ['build', '-buildvcs=false', '-o', `${dir}/`, './api/cmd/faults'], { cwd: project });
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` };
  const { stdout: table } = await run(join(dir, 'faults'), ['--quick'], { cwd: project, env });
  t.diagnostic(table);
  assert.match(table, /\n\d+ faults, [1-9]\d{2,} acknowledged, 0 lost, 0 doubled\n$/);
});
