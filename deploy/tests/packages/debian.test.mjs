// The Debian package in a clean Debian: installed, upgraded while it serves, removed and purged.
import assert from 'node:assert/strict';
import { appendFileSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { root } from '../../../api/cmd/dev/install.mjs';
import { pages, program, stage } from '../../release/build.mjs';
import { pack } from '../../release/package.mjs';
import { versionOf } from '../../release/version.mjs';
import { boot, missing } from './machine.mjs';

const arch = process.arch === 'arm64' ? 'arm64' : 'amd64';

describe('the Debian package', { skip: missing() || false }, () => {
  let work; let machine;
  const deb = (number) => `/root/gatehouse_${number}_${arch}.deb`;

  before(async () => {
    work = mkdtempSync(join(tmpdir(), 'gatehouse-deb-'));
    const ui = join(root, 'ui/dist');
    const version = { ...versionOf(root), prerelease: '' };
    const common = stage(version, join(work, 'common'), existsSync(join(ui, 'admin/index.html')) ? ui : (await pages()).folder);
    const built = program(version, arch, join(work, arch));
    machine = await boot(['postgresql', 'curl']);
    for (const number of ['0.0.9', '0.1.0']) {
      const dir = join(work, number);
      mkdirSync(dir);
      pack({ ...version, number }, arch, 'deb', { program: built, common, work, dir });
      copyFileSync(join(dir, basename(deb(number))), join(machine.dir, deb(number)));
      appendFileSync(join(common, 'etc/gatehouse/gatehouse.env'), '# a line that the next version adds\n');
    }
  });
  after(async () => {
    await machine?.stop();
    rmSync(work, { recursive: true, force: true });
  });

  test('is installed with a user, the program, its manual and what shells complete', () => {
    machine.does(`apt-get install -y ${deb('0.0.9')}`);
    assert.match(machine.does('gatehouse --version'), /^gatehouse \d+\.\d+\.\d+ \([0-9a-f]{40}(-dirty)?\)\n$/);
    assert.match(machine.does('getent passwd gatehouse'), /:\/nonexistent:\/usr\/sbin\/nologin$/m);
    assert.match(machine.does('man gatehouse'), /GATEHOUSE_ISSUER/);
    const completes = '. /usr/share/bash-completion/bash_completion; _completion_loader gatehouse; complete -p gatehouse';
    assert.match(machine.does(`bash -c '${completes}'`), /-F _gatehouse gatehouse/);
    for (const file of ['/usr/share/zsh/vendor-completions/_gatehouse', '/usr/share/fish/vendor_completions.d/gatehouse.fish',
      '/usr/share/gatehouse/ui/index.html.br', '/usr/share/gatehouse/ui/admin/index.html', '/usr/share/doc/gatehouse/quickstart.md']) {
      machine.does(`test -r ${file}`);
    }
    const of = 'dpkg -L gatehouse | grep -v /doc/ | while read f; do if test -f "$f"; then echo "$f"; fi; done';
    assert.equal(machine.does(`${of} | xargs grep -l /usr/local/share/gatehouse || true`), '');
    assert.equal(machine.does('dpkg -V gatehouse'), '');
  });

  test('has units that systemd takes, and starts nothing before it is configured', () => {
    const { status, out } = machine.run('systemd-analyze verify /usr/lib/systemd/system/gatehouse-*.service');
    assert.deepEqual([status, out], [0, '']);
    assert.equal(machine.run('systemctl is-active gatehouse-api').stdout, 'inactive\n');
  });

  test('serves, as the user gatehouse, once it is configured', () => {
    machine.does(`
      password=$(openssl rand -hex 24)
      systemctl start postgresql
      echo "CREATE ROLE gatehouse LOGIN PASSWORD '$password'" | runuser -u postgres -- psql -q
      runuser -u postgres -- createdb --owner=gatehouse gatehouse
      umask 077
      echo "postgres://gatehouse:$password@127.0.0.1:5432/gatehouse" > /etc/gatehouse/database_url
      openssl rand -base64 32 > /etc/gatehouse/encryption_key
      sed -i "s/ui\\.hostname/ui.example.org/; s/api\\.hostname/api.example.org/" /etc/gatehouse/gatehouse.env
      systemctl enable --now gatehouse-api gatehouse-ui`);
    assert.equal(machine.does('curl -sS http://127.0.0.1:4000/readyz'), '{"status":"ok"}');
    assert.match(machine.does('curl -sS http://127.0.0.1:4001/config.json'), /https:\/\/api\.example\.org/);
    const users = machine.does('for s in api ui; do stat -c %U /proc/$(systemctl show -P MainPID gatehouse-$s); done');
    assert.equal(users, 'gatehouse\n'.repeat(2));
  });

  test('is reloaded without a new process, and is started again where the watchdog hears nothing', () => {
    const pid = () => machine.does('systemctl show -P MainPID gatehouse-api').trim();
    const before = pid();
    machine.does('systemctl reload gatehouse-api');
    assert.equal(pid(), before);
    machine.does(`mkdir -p /run/systemd/system/gatehouse-api.service.d
      printf '[Service]\\nWatchdogSec=3\\n' > /run/systemd/system/gatehouse-api.service.d/short.conf
      systemctl daemon-reload; systemctl restart gatehouse-api`);
    const restarted = pid();
    machine.does(`kill -STOP ${restarted}
      until [ "$(systemctl show -P NRestarts gatehouse-api)" = 1 ]; do sleep 0.2; done
      curl -sS --retry 20 --retry-connrefused http://127.0.0.1:4000/readyz`);
    assert.notEqual(pid(), restarted);
    assert.match(machine.does('journalctl -u gatehouse-api --no-pager'), /Watchdog timeout/);
  });

  test('is upgraded while it serves: settings that somebody changed stay, both services start again, migrated', () => {
    machine.does('cp /etc/gatehouse/gatehouse.env /root/before');
    const pids = () => machine.does('systemctl show -P MainPID gatehouse-api gatehouse-ui').trim().split(/\s+/);
    const old = pids();
    machine.does(`apt-get install -y -o Dpkg::Options::=--force-confold ${deb('0.1.0')}`);
    machine.does('cmp /root/before /etc/gatehouse/gatehouse.env');
    machine.does('grep "a line that the next version adds" /etc/gatehouse/gatehouse.env.dpkg-dist');
    for (const pid of pids()) assert.ok(Number(pid) > 0 && !old.includes(pid), `${pid} of ${old}`);
    assert.equal(machine.does('curl -sS http://127.0.0.1:4000/readyz'), '{"status":"ok"}');
    assert.match(machine.does('dpkg-query --show gatehouse'), /0\.1\.0/);
  });

  test('leaves the API of before where the migration fails, and says so', () => {
    const pid = machine.does('systemctl show -P MainPID gatehouse-api');
    machine.does('mv /etc/gatehouse/database_url /etc/gatehouse/away; echo postgres://nobody@127.0.0.1:1/x > /etc/gatehouse/database_url');
    const { status, out } = machine.run(`dpkg --force-confold -i ${deb('0.1.0')}`);
    machine.does('mv /etc/gatehouse/away /etc/gatehouse/database_url');
    assert.notEqual(status, 0);
    assert.match(out, /the migration failed and changed nothing; the API of before serves on/);
    assert.equal(machine.does('systemctl show -P MainPID gatehouse-api'), pid);
    assert.equal(machine.does('curl -sS http://127.0.0.1:4000/readyz'), '{"status":"ok"}');
    machine.does('dpkg --configure gatehouse');
    assert.notEqual(machine.does('systemctl show -P MainPID gatehouse-api'), pid);
  });

  test('is removed: its services stop, its settings stay', () => {
    machine.does('apt-get remove -y gatehouse');
    assert.equal(machine.run('systemctl is-active gatehouse-api gatehouse-ui').stdout, 'inactive\ninactive\n');
    machine.does('test ! -e /usr/bin/gatehouse; test -e /etc/gatehouse/gatehouse.env; test -e /etc/gatehouse/encryption_key');
    assert.equal(machine.run('systemctl is-enabled gatehouse-api 2>/dev/null').stdout, '');
  });

  test('is purged: the secrets and the database stay, and it says which', () => {
    const { status, out } = machine.run('dpkg --purge gatehouse');
    assert.equal(status, 0, out);
    assert.match(out, /these are kept: \/etc\/gatehouse\/database_url \/etc\/gatehouse\/encryption_key\n/);
    assert.match(out, /the database was not touched/);
    machine.does('test ! -e /etc/gatehouse/gatehouse.env; test -e /etc/gatehouse/encryption_key');
    assert.match(machine.does('runuser -u postgres -- psql -Atc "SELECT count(*) > 0 FROM goose_db_version" gatehouse'), /^t$/m);
  });
});
