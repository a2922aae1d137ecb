// Builds the servers of others that recipes are about and that take minutes to build, from their Go modules, into .cache/bin-tools:
// node deploy/tests/relying-parties/servers.mjs. The tests run those that are there.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { root } from '../../../ui/tests/e2e/stack.mjs';

const modules = {
  minio: ['github.com/minio/minio', 'v0.0.0-20260212201848-7aac2a2c5b7c'],
  gitea: ['code.gitea.io/gitea', 'v1.25.5'],
};
const env = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '' };
const go = (...args) => execFileSync('go', args, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
const built = (name) => join(root, '.cache/bin-tools', modules[name][1], name);
/** Where the source of a server is, which Gitea reads its pages from. */
export const sourceOf = (name) => JSON.parse(go('mod', 'download', '-json', modules[name].join('@'))).Dir;

/** Where a server is that was built here or is on the PATH; '' for nowhere. */
export function serverOf(name) {
  const there = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, name));
  return [built(name), ...there].find(existsSync) ?? '';
}

if (process.argv[1] === import.meta.filename) {
  for (const name of Object.keys(modules)) {
    console.log(`Building ${name} ${modules[name][1]}`);
    const flags = `-s -w -X main.Version=${modules[name][1]}`;
    go('build', '-C', sourceOf(name), '-mod=readonly', '-buildvcs=false', '-trimpath', '-ldflags', flags, '-o', built(name), '.');
  }
}
