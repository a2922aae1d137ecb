// `npm run lint`: the linters of Go (.golangci.yml), and of what browsers and Node run (.biome.jsonc).
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { npmPackages, root } from './install.mjs';

// golangci-lint is built once, in about a minute. Its hundreds of modules are not for go.mod, which programs are built from.
const version = 'v2.15.0';
const bin = join(root, '.cache/bin', `golangci-lint-${version}`);

await npmPackages();
if (!existsSync(join(bin, 'golangci-lint'))) {
  const module = `github.com/golangci/golangci-lint/v2/cmd/golangci-lint@${version}`;
  run('go', ['install', module], { GOBIN: bin, GOFLAGS: '', CGO_ENABLED: '0' });
}
run(join(bin, 'golangci-lint'), ['run', './...'], { GOLANGCI_LINT_CACHE: join(root, '.cache/golangci-lint') });
run(process.execPath, ['node_modules/@biomejs/biome/bin/biome', 'lint', '--error-on-warnings']);

/** Runs a command; where it fails, so does the whole, after the others. */
function run(command, args, env = {}) {
  const { status, error } = spawnSync(command, args, { cwd: root, env: { ...process.env, ...env }, stdio: 'inherit' });
  if (error) console.error(error.message);
  if (status !== 0) process.exitCode = 1;
}
