// Finds a Chromium for the tests, or installs one: with apt where we are root, else the binary of a registry package.
import { execFileSync, spawnSync } from 'node:child_process';
import { accessSync, chmodSync, constants, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliDecompressSync } from 'node:zlib';

const cache = join(import.meta.dirname, '../../.cache/chromium');
const packaged = '@sparticuz/chromium@143.0.4'; // a headless shell with the few libraries that a bare Debian lacks
const remedy = 'Install one (as root: apt-get install chromium) or name one in CHROMIUM.';
const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];

/** For playwright-core's launch(): root has no sandbox, and containers have a small /dev/shm. */
export const launchArgs = ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu', '--disable-quic'];

/** The path of a Chromium that runs. CHROMIUM names one; the error of a machine without is one line that says what to do. */
export async function findChromium(progress = console.error) {
  if (process.env.CHROMIUM) return usable(process.env.CHROMIUM, 'CHROMIUM');
  const installed = onPath();
  if (installed) return installed;
  if (process.getuid() === 0 && spawnSync('apt-get', ['--version']).status === 0) {
    progress('Installing Chromium with apt-get…');
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const run = (...args) => spawnSync('apt-get', args, { env, stdio: 'ignore' }).status === 0; // if it fails, the package is tried
    if (run('update') && run('install', '-y', '--no-install-recommends', 'chromium', 'fonts-dejavu-core') && onPath()) return onPath();
  }
  const wrapper = join(cache, 'run');
  if (!existsSync(wrapper)) unpack(wrapper, progress);
  return usable(wrapper, packaged);
}

function onPath() {
  for (const dir of [...(process.env.PATH || '').split(delimiter), '/usr/bin', '/usr/local/bin', '/snap/bin']) {
    for (const name of names) {
      try {
        accessSync(join(dir, name), constants.X_OK);
        return join(dir, name);
      } catch { /* the next one */ }
    }
  }
  return undefined;
}

function usable(path, origin) {
  const run = spawnSync(path, ['--version'], { encoding: 'utf8', timeout: 30_000 });
  if (run.status === 0) return path;
  const why = (run.error?.message || run.stderr || '').trim().split('\n')[0];
  throw new Error(`No Chromium: ${origin} does not run (${why}). ${remedy}`);
}

// The package's own code unpacks to a shared name in /tmp; we read its archives only.
function unpack(wrapper, progress) {
  progress(`Installing Chromium (${packaged})…`);
  rmSync(cache, { recursive: true, force: true });
  mkdirSync(join(cache, 'fonts'), { recursive: true });
  writeFileSync(join(cache, 'package.json'), '{"private": true}\n');
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock'];
  const npm = spawnSync('npm', ['install', ...flags, packaged], { cwd: cache, encoding: 'utf8' });
  if (npm.status !== 0) throw new Error(`No Chromium: npm can't fetch ${packaged}. ${remedy}\n${npm.stderr}`);
  const bin = join(cache, 'node_modules/@sparticuz/chromium/bin');
  const open = (name) => brotliDecompressSync(readFileSync(join(bin, name)));
  writeFileSync(join(cache, 'chromium'), open('chromium.br'), { mode: 0o755 });
  execFileSync('tar', ['-x', '-C', cache], { input: open('al2023.tar.br') });
  execFileSync('tar', ['-x', '-C', join(cache, 'fonts')], { input: open('fonts.tar.br') });
  const fonts = `<fontconfig><dir>${cache}/fonts</dir><cachedir>${cache}/fonts/cache</cachedir></fontconfig>\n`;
  writeFileSync(join(cache, 'fonts/fonts.conf'), fonts);
  rmSync(join(cache, 'node_modules'), { recursive: true });
  writeFileSync(`${wrapper}.part`, `#!/bin/sh
[ -d /usr/share/fonts/truetype ] || export FONTCONFIG_FILE='${cache}/fonts/fonts.conf'
LD_LIBRARY_PATH='${cache}/lib' exec '${cache}/chromium' "$@"
`);
  chmodSync(`${wrapper}.part`, 0o755);
  renameSync(`${wrapper}.part`, wrapper);
}

// Run by itself, it prints the path in its last line.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    console.log(await findChromium());
  } catch (e) {
    console.error(e.message);
    process.exitCode = 1;
  }
}
