// What is packed: the programs, the pages, and the files that are installed beside them, below `usr` and `etc`.
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { root } from '../../api/cmd/dev/install.mjs';

/** Builds the program, static and without the paths of this machine; returns where it is. */
export function program(version, arch, dir) {
  const flags = ['-trimpath', '-buildvcs=false', '-ldflags', `-s -w -buildid= -X main.commit=${version.commit}`];
  const env = { ...process.env, CGO_ENABLED: '0', GOOS: 'linux', GOARCH: arch, GOAMD64: 'v1', GOARM64: 'v8.0',
    GOFLAGS: '', GOEXPERIMENT: '' };
  execFileSync('go', ['build', ...flags, '-o', join(dir, 'gatehouse'), './api/cmd/gatehouse'],
    { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'] });
  return join(dir, 'gatehouse');
}

/** Builds the pages; returns their folder, and the npm packages that have code in them. */
export async function pages() {
  const { build } = await import('vite');
  process.chdir(root); // Svelte names its classes by the path from here
  const modules = new Set();
  const collect = { name: 'collect', generateBundle(_, bundle) {
    for (const id of Object.values(bundle).flatMap((chunk) => chunk.moduleIds ?? [])) {
      const name = id.match(/.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//)?.[1];
      if (name) modules.add(name);
    }
  } };
  const folder = join(root, 'ui/dist');
  for (const part of ['ui', 'ui/admin']) {
    const at = join(root, part);
    await build({ root: at, configFile: join(at, 'vite.config.ts'), logLevel: 'error', plugins: [collect] });
  }
  return { folder, modules: [...modules].sort() };
}

// A package owns /usr, what somebody built by hand is in /usr/local.
const packaged = (text) => text.replaceAll(/\/usr\/local\/(bin|share)\/gatehouse/g, '/usr/$1/gatehouse');

/** Lays out in dir what is the same on every machine; returns dir. */
export function stage(version, dir, ui) {
  const put = (path, content) => {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), content);
  };
  const copy = (from, to) => {
    const list = statSync(join(root, from)).isDirectory() ? readdirSync(join(root, from), { recursive: true }) : [''];
    for (const name of list.filter((f) => statSync(join(root, from, f)).isFile())) {
      put(join(to, name), packaged(readFileSync(join(root, from, name), 'utf8')));
    }
  };
  cpSync(ui, join(dir, 'usr/share/gatehouse/ui'), { recursive: true });
  for (const part of ['nginx', 'apache']) copy(`deploy/${part}`, `usr/share/gatehouse/${part}`);
  for (const file of ['host.py', 'jupyterhub.service']) copy(`deploy/jupyterhub/${file}`, `usr/share/gatehouse/jupyterhub/${file}`);
  for (const part of ['api', 'migrate', 'ui']) {
    copy(`deploy/systemd/gatehouse-${part}.service`, `usr/lib/systemd/system/gatehouse-${part}.service`);
  }
  copy('deploy/release/sysusers.conf', 'usr/lib/sysusers.d/gatehouse.conf');
  copy('deploy/systemd/gatehouse.env', 'etc/gatehouse/gatehouse.env');
  const docs = readdirSync(join(root, 'docs')).filter((f) => f.endsWith('.md'));
  for (const page of docs) copy(`docs/${page}`, `usr/share/doc/gatehouse/${page}`);
  put('usr/share/doc/gatehouse/changelog.gz', gzipSync(readFileSync(join(root, 'CHANGELOG.md')), { level: 9 }));
  // of the program that runs here, whatever it is built for
  const own = program(version, process.arch === 'arm64' ? 'arm64' : 'amd64', join(dir, '..', 'own'));
  const said = (...args) => execFileSync(own, args, { encoding: 'utf8', env: {} });
  put('usr/share/man/man1/gatehouse.1.gz', gzipSync(said('man'), { level: 9 }));
  put('usr/share/bash-completion/completions/gatehouse', said('completion', 'bash'));
  put('usr/share/zsh/vendor-completions/_gatehouse', said('completion', 'zsh'));
  put('usr/share/fish/vendor_completions.d/gatehouse.fish', said('completion', 'fish'));
  setModes(dir);
  return dir;
}

/** Gives files and folders the same rights whatever the umask here is. */
function setModes(dir) {
  for (const name of ['.', ...readdirSync(dir, { recursive: true })]) {
    const path = join(dir, name);
    chmodSync(path, statSync(path).isDirectory() ? 0o755 : 0o644);
  }
}

/** Returns the files below dir, by their paths from there. */
export const filesIn = (dir) => readdirSync(dir, { recursive: true, withFileTypes: true }).filter((f) => f.isFile())
  .map((f) => relative(dir, join(f.parentPath ?? f.path, f.name))).sort();
