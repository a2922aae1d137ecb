// `npm run release`: makes in dist/release what a release has, the same bytes each time: programs for amd64 and arm64 with all that is
// installed beside them, the pages, packages for Debian and for RPM, the Helm chart, a list of all that they are made of (CycloneDX),
// and SHA256SUMS.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Problem, npmPackages, root } from '../../api/cmd/dev/install.mjs';
import { program, pages, stage } from './build.mjs';
import { packages, tarball } from './package.mjs';
import { billOfMaterials } from './sbom.mjs';
import { versionOf } from './version.mjs';

const usage = `usage: npm run release
       npm run release -- --out DIR             in place of dist/release
       npm run release -- --arch amd64          only for one architecture: amd64 or arm64`;

const { values } = readArguments();
await release(values).catch((e) => {
  console.error(e instanceof Problem ? e.message : e);
  process.exit(1);
});

function readArguments() {
  try {
    return parseArgs({ options: { out: { type: 'string', default: join(root, 'dist/release') },
      arch: { type: 'string', multiple: true, default: ['amd64', 'arm64'] } } });
  } catch (e) {
    console.error(`${e.message}\n${usage}`);
    process.exit(2);
  }
}

async function release({ out, arch }) {
  const version = versionOf(root);
  const dir = resolve(out);
  const work = join(dir, '.work');
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  await npmPackages();
  const { folder: ui, modules } = await pages();
  const programs = Object.fromEntries(arch.map((a) => [a, program(version, a, join(work, a))]));
  const common = stage(version, join(work, 'common'), ui);
  const name = `gatehouse_${version.text}`;
  tarball(version, join(dir, `${name}_pages.tar.gz`), common, 'usr/share/gatehouse/ui', 'ui');
  tarball(version, join(dir, `${name}_chart.tgz`), root, 'deploy/helm/gatehouse', 'gatehouse');
  for (const a of arch) packages(version, a, { program: programs[a], common, work, dir });
  writeFileSync(join(dir, `${name}.cdx.json`), billOfMaterials(version, programs[arch[0]], modules));
  rmSync(work, { recursive: true });
  writeFileSync(join(dir, 'SHA256SUMS'), sums(dir));
  console.log(`${version.text}, commit ${version.commit}:\n${readFileSync(join(dir, 'SHA256SUMS'), 'utf8')}in ${dir}`);
}

/** Returns the digests of a folder's files as sha256sum prints them. */
function sums(dir) {
  const line = (name) => `${createHash('sha256').update(readFileSync(join(dir, name))).digest('hex')}  ${name}\n`;
  return readdirSync(dir).sort().map(line).join('');
}
