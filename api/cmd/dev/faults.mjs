// `npm run test:faults`: installs what the faults need where it may, builds their program, and runs it. A fault whose program is not there
// says which package has it.
import { spawnSync } from 'node:child_process';
import { missingPrograms } from '../../../deploy/tests/web-servers.mjs';
import { install, root } from './install.mjs';

const packageOf = {
  nginx: 'nginx-light', faketime: 'faketime', etcd: 'etcd-server', patroni: 'patroni', pgbouncer: 'pgbouncer',
  pg_createcluster: 'postgresql',
};

await install({ hub: false });
const absent = missingPrograms(packageOf);
if (absent) console.error(absent);
for (const [program, ...args] of [
  ['go', 'build', '-o', '.cache/bin/', './api/cmd/faults'],
  ['.cache/bin/faults', ...process.argv.slice(2)],
]) {
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` };
  const { status } = spawnSync(program, args, { cwd: root, env, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
