// A clean Debian 12 with a systemd of its own, in which a test installs packages and starts services as a person would.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, rmdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { root } from '../../../api/cmd/dev/install.mjs';
import { missingPrograms } from '../web-servers.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const groups = ['/sys/fs/cgroup/unified', '/sys/fs/cgroup'].find((dir) => existsSync(join(dir, 'cgroup.procs')));

/** Returns why no machine can be had here, or ''. */
export function missing() {
  if (process.getuid() !== 0) return 'only root makes a Debian of its own';
  if (!groups) return 'there is no version 2 of cgroups';
  return missingPrograms({ mmdebstrap: 'mmdebstrap', unshare: 'util-linux', ip: 'iproute2' });
}

/** Returns an archive of Debian 12 with the packages; one of less than a week ago is taken again. */
function image(packages) {
  const file = join(root, '.cache', `${['debian', ...packages].join('-')}.tar`);
  if (existsSync(file) && Date.now() - statSync(file).mtimeMs < 7 * 24 * 3600 * 1000) return file;
  mkdirSync(join(root, '.cache'), { recursive: true });
  const include = ['systemd', 'systemd-sysv', 'dbus', 'iproute2', 'man-db', 'bash-completion', ...packages].join();
  const made = file.replace(/tar$/, `${process.pid}.tar`);
  execFileSync('mmdebstrap', ['--variant=minbase', `--include=${include}`, '--quiet', 'bookworm', made],
    { stdio: ['ignore', 'ignore', 'pipe'] });
  renameSync(made, file);
  return file;
}

/** Boots a machine that has Debian's minimum and the packages. */
export async function boot(packages = []) {
  const archive = image(packages);
  const dir = mkdtempSync(join(tmpdir(), 'gatehouse-debian-'));
  execFileSync('tar', ['-xf', archive, '-C', dir]);
  for (const file of ['etc/resolv.conf', 'etc/ssl/certs/ca-certificates.crt']) { // what is asked for is asked as from here
    if (existsSync(join('/', file)) && existsSync(join(dir, file, '..'))) copyFileSync(join('/', file), join(dir, file));
  }
  const group = join(groups, `gatehouse-${process.pid}-${dir.slice(-6)}`);
  const outer = spawn('sh', [join(here, 'boot.sh'), dir, group], { stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = new Promise((done) => { outer.on('exit', done); });
  const first = () => readFileSync(`/proc/${outer.pid}/task/${outer.pid}/children`, 'utf8').trim();
  const machine = {
    dir,
    /** The number of its first process, in whose namespaces others can run. */
    pid: () => first(),
    /** Runs a script of bash in the machine; `network` has it reach what this machine reaches, such as mirrors of Debian. */
    run(script, { network = false, input = '', env = {} } = {}) {
      const spaces = ['--mount', '--uts', '--ipc', '--pid', '--cgroup', ...network ? [] : ['--net']];
      const clean = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root', LANG: 'C.UTF-8',
        DEBIAN_FRONTEND: 'noninteractive', ...env };
      const { status, stdout, stderr } = spawnSync('nsenter', ['--target', first(), ...spaces, '--wdns=/', 'env', '-i',
        ...Object.entries(clean).map(([k, v]) => `${k}=${v}`), 'bash', '--norc', '-euo', 'pipefail', '-c', script],
      { encoding: 'utf8', input, maxBuffer: 1 << 28 });
      return { status, stdout, stderr, out: stdout + stderr };
    },
    /** The same; what it prints, or an error with that. */
    does(script, options) {
      const { status, stdout, out } = machine.run(script, options);
      if (status !== 0) throw new Error(`${script}\nended with ${status}:\n${out}`);
      return stdout;
    },
    async stop() {
      outer.kill('SIGKILL');
      await ended;
      rmSync(dir, { recursive: true, force: true });
      for (let i = 0; i < 50; i += 1) {
        execFileSync('find', [group, '-mindepth', '1', '-depth', '-type', 'd', '-exec', 'rmdir', '--ignore-fail-on-non-empty', '{}', '+'],
          { stdio: 'ignore' });
        try { rmdirSync(group); return; } catch { await sleep(100); }
      }
    },
  };
  try {
    for (let i = 0; ; i += 1) {
      if (first() && /running|degraded/.test(machine.run('systemctl is-system-running').stdout)) return machine;
      if (i > 600) throw new Error('Debian did not start');
      await sleep(100);
    }
  } catch (e) {
    await machine.stop();
    throw e;
  }
}
