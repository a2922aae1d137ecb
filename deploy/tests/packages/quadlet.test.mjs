// The Quadlet files, as Podman's generator reads them: it is in Debian 13, from which one file of a package is taken.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { root } from '../../../api/cmd/dev/install.mjs';
import { has } from '../web-servers.mjs';

const folder = join(root, 'deploy/quadlet');

/** Returns the path of the generator. */
function generator() {
  const file = join(root, '.cache/podman/usr/libexec/podman/quadlet');
  if (existsSync(file)) return file;
  const dir = mkdtempSync(join(tmpdir(), 'gatehouse-apt-'));
  for (const part of ['lists/partial', 'cache/archives/partial']) mkdirSync(join(dir, part), { recursive: true });
  writeFileSync(join(dir, 'sources.list'), 'deb http://deb.debian.org/debian trixie main\n');
  const options = [`Dir::Etc::sourcelist=${dir}/sources.list`, 'Dir::Etc::sourceparts=/dev/null', `Dir::State::lists=${dir}/lists`,
    `Dir::Cache=${dir}/cache`].flatMap((option) => ['-o', option]);
  for (const args of [['update'], ['download', 'podman']]) {
    execFileSync('apt-get', [...options, '--quiet', ...args], { cwd: dir, stdio: 'pipe' });
  }
  const [name] = readdirSync(dir).filter((f) => f.endsWith('.deb'));
  execFileSync('dpkg-deb', ['-x', join(dir, name), join(root, '.cache/podman')]);
  rmSync(dir, { recursive: true });
  return file;
}

describe('the Quadlet files', { skip: !has('apt-get') && 'Podman is taken from a package of Debian' }, () => {
  test('are what Podman makes units of that systemd takes', () => {
    const env = { PATH: process.env.PATH, QUADLET_UNIT_DIRS: folder };
    const { status, stdout, stderr } = spawnSync(generator(), ['--dryrun'], { env, encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    assert.deepEqual(stderr.split('\n').filter((line) => line && !line.includes('Loading source unit file')), []);
    const parts = stdout.split(/^---(.+)---$/m).slice(1); // a name, a unit, and so on
    const units = Object.fromEntries(parts.flatMap((name, i) => i % 2 === 0 ? [[name, parts[i + 1]]] : []));
    assert.deepEqual(Object.keys(units), ['gatehouse-api.service', 'gatehouse-migrate.service', 'gatehouse-ui.service']);
    const dir = mkdtempSync(join(tmpdir(), 'gatehouse-quadlet-'));
    try {
      const paths = Object.entries(units).map(([name, text]) => {
        const command = text.match(/^ExecStart=.*/m)[0];
        for (const part of ['--read-only', '--cap-drop all', '--security-opt=no-new-privileges', '--user 65532:65532']) {
          assert.ok(command.includes(part), `${name}: ${part}`);
        }
        assert.doesNotMatch(command, /--env (DATABASE_URL|GATEHOUSE_ENCRYPTION_KEY)=/);
        writeFileSync(join(dir, name), text.replaceAll('/usr/bin/podman', '/bin/true'));
        return join(dir, name);
      });
      const { status: valid, stderr: problems } = spawnSync('systemd-analyze', ['verify', '--man=no', ...paths], { encoding: 'utf8' });
      assert.deepEqual([valid, problems], [0, '']);
    } finally { rmSync(dir, { recursive: true }); }
  });

  test('are of the version that this is', () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const image = new RegExp(`^Image=localhost/gatehouse:${version}$`, 'm');
    for (const name of readdirSync(folder)) assert.match(readFileSync(join(folder, name), 'utf8'), image);
    const chart = readFileSync(join(root, 'deploy/helm/gatehouse/Chart.yaml'), 'utf8');
    for (const key of ['version', 'appVersion']) assert.match(chart, new RegExp(`^${key}: ${version}$`, 'm'));
  });
});
