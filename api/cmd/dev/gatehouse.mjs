// `npm run gatehouse -- …`: the command of that name, with the database and the settings of the `npm start` that runs.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './install.mjs';

const env = join(process.env.DEV_STATE ?? join(root, '.cache/dev'), 'env');
if (!existsSync(env)) {
  console.error('There is no database yet: run npm start first, in another terminal.');
  process.exit(1);
}
const { status } = spawnSync('sh', ['-c', '. "$0" && exec gatehouse "$@"', env, ...process.argv.slice(2)], { stdio: 'inherit' });
process.exit(status ?? 1);
