// The software bill of materials (CycloneDX 1.6): the modules that the program itself says it was linked from, and the packages that have
// code in the pages. Neither a time nor a random number is in it.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../api/cmd/dev/install.mjs';

/** Returns the document, as JSON. */
export function billOfMaterials(version, program, npmPackages) {
  const main = { type: 'application', 'bom-ref': 'gatehouse', name: 'gatehouse', version: version.text,
    properties: [{ name: 'commit', value: version.commit }] };
  const components = [...goModules(program), ...npmComponents(npmPackages)];
  return `${JSON.stringify({
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json', bomFormat: 'CycloneDX', specVersion: '1.6', version: 1,
    metadata: { timestamp: new Date(version.epoch * 1000).toISOString(), component: main },
    components,
    dependencies: [{ ref: 'gatehouse', dependsOn: components.map((c) => c['bom-ref']) }],
  }, null, 2)}\n`;
}

/** Lists the modules in a program, and the Go that built it; `go version -m` prints "dep PATH VERSION h1:DIGEST". */
function goModules(program) {
  const said = execFileSync('go', ['version', '-m', program], { encoding: 'utf8' });
  const lines = said.split('\n').map((line) => line.trim().split(/\s+/));
  const go = lines[0].at(-1).replace(/^go/, '');
  const modules = lines.filter(([kind]) => kind === 'dep').map(([, path, v, sum]) => ({ ...component('golang', path, v),
    hashes: sum?.startsWith('h1:') ? [{ alg: 'SHA-256', content: Buffer.from(sum.slice(3), 'base64').toString('hex') }] : [] }));
  return [component('golang', 'std', go), ...modules];
}

/** Lists npm packages with the version and the digest that package-lock.json has. */
function npmComponents(names) {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  return names.map((name) => {
    const { version, integrity, license } = packages[`node_modules/${name}`];
    const [alg, digest] = integrity.split(/-(.*)/);
    return { ...component('npm', name, version), ...license ? { licenses: [{ expression: license }] } : {},
      hashes: [{ alg: alg.replace('sha', 'SHA-'), content: Buffer.from(digest, 'base64').toString('hex') }] };
  });
}

function component(type, name, version) {
  const purl = `pkg:${type}/${name.split('/').map(encodeURIComponent).join('/')}@${encodeURIComponent(version)}`;
  return { type: 'library', 'bom-ref': purl, name, version, purl };
}
