// What `npm run release` makes of this checkout, twice, in two folders: the same bytes, and what a release has to have.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { npmPackages, root } from '../../../api/cmd/dev/install.mjs';
import { has, missingPrograms } from '../web-servers.mjs';

const run = (command, ...args) => execFileSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'pipe'] });

describe('a release', () => {
  let work; let dir; let files;

  before(async () => {
    work = mkdtempSync(join(root, '.cache/release-'));
    await npmPackages();
    const copies = ['one', 'another, with a longer name'].map((name) => join(work, name));
    for (const copy of copies) clone(copy);
    for (const copy of copies) run(process.execPath, join(copy, 'deploy/release/release.mjs'));
    dir = join(work, 'one/dist/release');
    files = readdirSync(dir);
  });
  after(() => rmSync(work, { recursive: true, force: true }));

  /** Clones the checkout, with what is not committed yet. */
  function clone(copy) {
    run('git', 'clone', '--quiet', '--shared', root, copy);
    const changed = run('git', '-C', root, 'ls-files', '-z', '--modified', '--others', '--exclude-standard').split('\0').filter((f) => f);
    for (const file of changed) {
      if (!existsSync(join(root, file))) { rmSync(join(copy, file)); continue; }
      mkdirSync(join(copy, file, '..'), { recursive: true });
      run('cp', '-p', join(root, file), join(copy, file));
    }
    run('cp', '-al', join(root, 'node_modules'), join(copy, 'node_modules'));
    mkdirSync(join(copy, '.cache'), { recursive: true });
    run('ln', '-s', join(root, '.cache/bin'), join(copy, '.cache/bin')); // where nfpm is
  }

  const only = (pattern) => {
    const found = files.filter((name) => pattern.test(name));
    assert.equal(found.length, 1, `${pattern} of ${files.join(' ')}`);
    return join(dir, found[0]);
  };

  test('is the same bytes in another folder at another time', () => {
    const other = join(work, 'another, with a longer name/dist/release/SHA256SUMS');
    assert.equal(readFileSync(join(dir, 'SHA256SUMS'), 'utf8'), readFileSync(other, 'utf8'));
  });

  test('has a digest of each file', () => {
    assert.equal(spawnSync('sha256sum', ['--check', '--strict', '--quiet', 'SHA256SUMS'], { cwd: dir }).status, 0);
    assert.deepEqual(readFileSync(join(dir, 'SHA256SUMS'), 'utf8').trim().split('\n').map((line) => line.slice(66)),
      files.filter((name) => name !== 'SHA256SUMS').sort());
  });

  test('has static programs for two architectures, which name their commit and no folder of the machine', () => {
    for (const [arch, machine] of [['amd64', 'x86-64'], ['arm64', 'ARM aarch64']]) {
      const out = mkdtempSync(join(tmpdir(), 'gatehouse-release-'));
      try {
        run('tar', '-xzf', only(new RegExp(`_linux_${arch}\\.tar\\.gz$`)), '-C', out, '--strip-components=1');
        const program = join(out, 'usr/bin/gatehouse');
        const kind = has('file') ? run('file', '-b', program) : `${machine}, statically linked`;
        assert.ok(kind.includes(machine) && kind.includes('statically linked'), kind);
        const bytes = readFileSync(program);
        assert.ok(bytes.includes(run('git', '-C', join(work, 'one'), 'rev-parse', 'HEAD').trim()));
        assert.ok(!bytes.includes(root), 'a path of this machine is in the program');
      } finally { rmSync(out, { recursive: true }); }
    }
  });

  test('has the pages, and what installs beside the program', () => {
    const pages = run('tar', '-tzf', only(/_pages\.tar\.gz$/));
    for (const file of ['ui/index.html', 'ui/index.html.br', 'ui/admin/index.html']) assert.ok(pages.includes(file), file);
    const chart = run('tar', '-tzf', only(/_chart\.tgz$/));
    for (const file of ['gatehouse/Chart.yaml', 'gatehouse/templates/api.yaml']) assert.ok(chart.includes(file), file);
    const listed = run('dpkg-deb', '--contents', only(/_amd64\.deb$/));
    for (const file of ['-rwxr-xr-x root/root .*/usr/bin/gatehouse', '/usr/lib/sysusers.d/gatehouse.conf',
      '/usr/lib/systemd/system/gatehouse-api.service', '/usr/share/man/man1/gatehouse.1.gz',
      '/usr/share/bash-completion/completions/gatehouse', '/etc/gatehouse/gatehouse.env',
      '/usr/share/gatehouse/nginx/gatehouse/ui.conf', '/usr/share/gatehouse/ui/admin/index.html']) assert.match(listed, new RegExp(file));
    assert.equal(run('dpkg-deb', '--field', only(/_arm64\.deb$/), 'Architecture'), 'arm64\n');
    assert.equal(run('dpkg-deb', '--info', only(/_amd64\.deb$/), 'conffiles'), '/etc/gatehouse/gatehouse.env\n');
  });

  const noRpm = missingPrograms({ rpm: 'rpm' });
  test('has RPMs that rpm takes', { skip: noRpm || false }, () => {
    const to = join(work, 'rpm-root');
    for (const arch of ['x86_64', 'aarch64']) {
      const rpm = only(new RegExp(`\\.${arch}\\.rpm$`));
      assert.match(run('rpm', '--checksig', '--nosignature', rpm), /digests OK/);
      const listed = run('rpm', '-qp', '--nosignature', '--list', rpm);
      for (const file of ['/usr/bin/gatehouse', '/usr/share/zsh/site-functions/_gatehouse', '/usr/lib/sysusers.d/gatehouse.conf']) {
        assert.ok(listed.split('\n').includes(file), file);
      }
      assert.equal(run('rpm', '-qp', '--nosignature', '--configfiles', rpm), '/etc/gatehouse/gatehouse.env\n');
      assert.match(run('rpm', '-qp', '--nosignature', '--scripts', rpm), /systemd-sysusers gatehouse\.conf/);
    }
    run('rpm', '--root', to, '--initdb');
    run('rpm', '--root', to, '--nosignature', '--nodeps', '--noscripts', '--ignorearch', '--install', only(/\.x86_64\.rpm$/));
    assert.ok(existsSync(join(to, 'usr/share/gatehouse/ui/index.html')));
    const verified = spawnSync('rpm', ['--root', to, '--verify', '--nodeps', '--nouser', '--nogroup', 'gatehouse'], { encoding: 'utf8' });
    assert.equal(verified.stdout, '');
  });

  test('lists what it is made of: each module of the program, and what has code in the pages', () => {
    const bom = JSON.parse(readFileSync(only(/\.cdx\.json$/), 'utf8'));
    assert.deepEqual([bom.bomFormat, bom.specVersion], ['CycloneDX', '1.6']);
    const names = bom.components.map(({ purl }) => purl.replace(/@.*/, ''));
    for (const name of ['pkg:golang/github.com/jackc/pgx/v5', 'pkg:golang/std', 'pkg:npm/svelte']) assert.ok(names.includes(name), name);
    assert.equal(new Set(names).size, names.length);
    for (const { purl, hashes } of bom.components) {
      for (const { alg, content } of hashes ?? []) assert.equal(content.length, { 'SHA-256': 64, 'SHA-512': 128 }[alg], purl);
    }
    assert.deepEqual(bom.dependencies[0].dependsOn, bom.components.map((c) => c['bom-ref']));
  });

  test('has a list that the schema of CycloneDX takes', (t) => {
    const venv = join(root, '.cache/venv-cyclonedx');
    if (!existsSync(join(venv, 'bin/pip'))) run('python3', '-m', 'venv', venv);
    const wanted = 'cyclonedx-python-lib[json-validation]==11.*';
    run(join(venv, 'bin/pip'), 'install', '--quiet', '--disable-pip-version-check', '--only-binary=:all:', wanted);
    t.diagnostic(`with ${run(join(venv, 'bin/pip'), 'freeze').match(/cyclonedx-python-lib.*/)[0]}`);
    const script = `import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
print(JsonStrictValidator(SchemaVersion.V1_6).validate_str(open(sys.argv[1]).read()))`;
    assert.equal(run(join(venv, 'bin/python'), '-c', script, only(/\.cdx\.json$/)), 'None\n');
  });
});
