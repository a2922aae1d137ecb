// Packs what build.mjs laid out: for dpkg and rpm with nfpm, and as archives for who has neither.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { root } from '../../api/cmd/dev/install.mjs';
import { filesIn } from './build.mjs';

// Built once; its modules are not for go.mod, which programs are built from.
const nfpm = { version: 'v2.45.2', module: 'github.com/goreleaser/nfpm/v2/cmd/nfpm' };

/** Returns the path of nfpm, which is built first where it is not there. */
function packer() {
  const bin = join(root, '.cache/bin', `nfpm-${nfpm.version}`);
  if (!existsSync(join(bin, 'nfpm'))) {
    const env = { ...process.env, GOBIN: bin, GOFLAGS: '', CGO_ENABLED: '0' };
    execFileSync('go', ['install', `${nfpm.module}@${nfpm.version}`], { env, stdio: ['ignore', 'inherit', 'inherit'] });
  }
  return join(bin, 'nfpm');
}

/** Writes the Debian package, the RPM and the archive for an architecture into dir. */
export function packages(version, arch, { program, common, work, dir }) {
  for (const packager of ['deb', 'rpm']) pack(version, arch, packager, { program, common, work, dir });
  const tree = join(work, `tree-${arch}`);
  cpSync(common, tree, { recursive: true });
  mkdirSync(join(tree, 'usr/bin'), { recursive: true });
  cpSync(program, join(tree, 'usr/bin/gatehouse'));
  tarball(version, join(dir, `gatehouse_${version.text}_linux_${arch}.tar.gz`), tree, '.', `gatehouse_${version.text}`);
}

/** Has nfpm write a package into dir, or into a file of that name; returns nothing. */
export function pack(version, arch, packager, { program, common, work, dir }) {
  const config = join(work, `${packager}-${arch}.json`); // JSON is YAML, too
  writeFileSync(config, JSON.stringify(description(version, arch, packager, program, common)));
  const env = { ...process.env, SOURCE_DATE_EPOCH: String(version.epoch) };
  const args = ['package', '--config', config, '--packager', packager, '--target', dir];
  execFileSync(packer(), args, { cwd: root, env, stdio: ['ignore', 'ignore', 'inherit'] });
}

function description(version, arch, packager, program, common) {
  const script = (name) => join(root, 'deploy/release', name);
  return {
    name: 'gatehouse', arch, platform: 'linux',
    version: version.number, prerelease: version.prerelease, release: packager === 'rpm' ? '1' : '',
    section: 'net', priority: 'optional', maintainer: 'Gatehouse <root@localhost>',
    description: 'OpenID Provider for JupyterHub and the services around it\n' +
      'The API, which is the issuer, the pages that people sign in on, and those\n' +
      'of administrators. Needs a Postgres, and a web server in front.',
    mtime: new Date(version.epoch * 1000).toISOString(),
    depends: packager === 'deb' ? ['systemd | systemd-standalone-sysusers'] : ['systemd'],
    suggests: packager === 'deb' ? ['postgresql', 'nginx | apache2'] : [],
    umask: 0o022,
    contents: contents(packager, program, common),
    scripts: { postinstall: script('postinstall.sh'), preremove: script('preremove.sh'), postremove: script('postremove.sh') },
    rpm: { buildhost: 'localhost', compression: 'gzip:9', summary: 'OpenID Provider for JupyterHub and the services around it' },
    deb: { compression: 'xz' },
  };
}

function contents(packager, program, common) {
  const files = filesIn(common).map((path) => {
    // rpm's distributions look for zsh's functions elsewhere than Debian
    const place = packager === 'rpm' ? path.replace('zsh/vendor-completions', 'zsh/site-functions') : path;
    const type = path.startsWith('etc/') ? { type: 'config|noreplace' } : {};
    return { src: join(common, path), dst: `/${place}`, ...type, file_info: { mode: 0o644 } };
  });
  const folders = new Set(files.map(({ dst }) => dirname(dst)).filter((d) => /\/(doc|share|etc)\/gatehouse/.test(d)));
  return [...files, { src: program, dst: '/usr/bin/gatehouse', file_info: { mode: 0o755 } },
    ...[...folders].sort().map((dst) => ({ dst, type: 'dir', file_info: { mode: 0o755 } }))];
}

/** Packs a folder of tree into an archive in which it is called name. */
export function tarball(version, file, tree, folder, name) {
  const from = join(tree, folder);
  const archive = execFileSync('tar', ['--create', '--format=ustar', '--sort=name', '--owner=0', '--group=0', '--numeric-owner',
    `--mtime=@${version.epoch}`, '--mode=u+rw,go=rX', '--directory', from, `--transform=s,^\\.,${name},`, '.'], { maxBuffer: 1 << 30 });
  writeFileSync(file, gzipSync(archive, { level: 9 }));
}
