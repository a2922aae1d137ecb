// docs/quickstart.md as it is, in a clean Debian, from its first command to a JupyterLab in a browser. Only the certificate is from
// elsewhere: there is no authority that would believe that the three names are ours.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { root } from '../../../api/cmd/dev/install.mjs';
import { findChromium } from '../../../ui/tests/chromium.mjs';
import { pages, program, stage } from '../../release/build.mjs';
import { pack } from '../../release/package.mjs';
import { versionOf } from '../../release/version.mjs';
import { makeCertificates } from '../certificates.mjs';
import { boot, missing } from './machine.mjs';

const names = { UI: 'login.example.org', API: 'api.example.net', HUB: 'hub.example.com' };
const arch = process.arch === 'arm64' ? 'arm64' : 'amd64';
const passphrase = 'correct horse battery staple';

// ```sh blocks, in their order, with the mark above them
const blocks = [...readFileSync(join(root, 'docs/quickstart.md'), 'utf8').matchAll(/^(?:<!-- (\w+) -->\n)?```sh\n(.*?)^```$/gms)]
  .map(([, mark, text]) => ({ mark, text }));

/** Reports whether a line fetches something. */
const fetches = (line) => /^(apt-get|npm) |\/pip install /.test(line);

describe('the quickstart', { skip: missing() || false }, () => {
  let work; let machine; let began;
  const seconds = {};

  before(async () => {
    await findChromium();
    work = mkdtempSync(join(tmpdir(), 'gatehouse-quickstart-'));
    const ui = join(root, 'ui/dist');
    const version = { ...versionOf(root), prerelease: '' };
    const common = stage(version, join(work, 'common'), existsSync(join(ui, 'admin/index.html')) ? ui : (await pages()).folder);
    pack(version, arch, 'deb', { program: program(version, arch, join(work, arch)), common, work, dir: work });
    machine = await boot();
    copyFileSync(join(work, `gatehouse_${version.number}_${arch}.deb`), join(machine.dir, `root/gatehouse_${version.number}_${arch}.deb`));
    // what this machine trusts, which may be more than Debian does, for what is fetched
    copyFileSync('/etc/ssl/certs/ca-certificates.crt', join(machine.dir, 'root/trusted.crt'));
    writeFileSync(join(machine.dir, 'etc/hosts'), `127.0.0.1 localhost ${Object.values(names).join(' ')}\n`);
    began = Date.now();
  });
  after(async () => {
    await machine?.stop();
    rmSync(work, { recursive: true, force: true });
  });

  /** Runs a block: lines that fetch have a network, and those between them run in one shell. */
  function does({ text }, input = '') {
    const parts = [];
    for (const line of text.trimEnd().split('\n')) {
      const network = fetches(line);
      if (parts.length > 0 && parts.at(-1).network === network) parts.at(-1).lines.push(line);
      else parts.push({ network, lines: [line] });
    }
    const env = { ...names, PIP_CERT: '/root/trusted.crt', NODE_EXTRA_CA_CERTS: '/root/trusted.crt' };
    return parts.map(({ network, lines }) => {
      const since = Date.now();
      const out = machine.does(`cd /root\n${lines.join('\n')}`, { network, env, input });
      const what = network ? 'downloads' : 'the rest';
      seconds[what] = (seconds[what] ?? 0) + (Date.now() - since) / 1000;
      return out;
    }).join('');
  }

  /** Returns the blocks from one that has the text `from` to the last before one that has `to`. */
  function between(from, to) {
    const [first, last] = [from, to].map((text) => blocks.findIndex((block) => block.text.includes(text)));
    assert.ok(first >= 0 && last > first, `${from} … ${to}`);
    return blocks.slice(first, last);
  }

  test('names the three hosts in one place', () => {
    assert.equal(blocks[0].text, 'UI=ui.hostname API=api.hostname HUB=jupyterhub.hostname\n');
  });

  test('installs, makes the database, and starts the API', () => {
    for (const block of between('apt-get update', 'a2enmod').filter(({ mark }) => !mark)) does(block);
    assert.equal(machine.does('curl -sS http://127.0.0.1:4000/readyz'), '{"status":"ok"}');
  });

  test('puts nginx in front, whose certificate Python trusts', () => {
    const block = blocks.find(({ mark }) => mark === 'nginx');
    const certificates = makeCertificates(work, Object.values(names));
    const place = join(machine.dir, 'etc/letsencrypt/live/gatehouse');
    mkdirSync(place, { recursive: true });
    copyFileSync(certificates.fullchain, join(place, 'fullchain.pem'));
    copyFileSync(certificates.key, join(place, 'privkey.pem'));
    copyFileSync(certificates.ca, join(machine.dir, 'usr/local/share/ca-certificates/test.crt'));
    machine.does('update-ca-certificates');
    assert.match(block.text, /^certbot certonly .*$/m);
    does({ text: block.text.replace(/^certbot .*\n/m, '') });
    const check = blocks.find(({ text }) => text.includes('urllib'));
    assert.equal(does({ text: check.text.replace('api.hostname', names.API) }), `https://${names.API}\n`);
    const { out } = machine.run('gatehouse doctor');
    assert.doesNotMatch(out, /^(FAIL|fail)/m, out);
  });

  test('puts Apache in front in place of nginx', () => {
    machine.does('systemctl stop nginx');
    does({ text: blocks.find(({ mark }) => mark === 'apache').text.replace(/^certbot .*\n/m, '') });
    assert.equal(JSON.parse(machine.does(`curl -sS https://${names.UI}/config.json`)).api, `https://${names.API}`);
    assert.equal(machine.does(`curl -sS https://${names.API}/readyz`), '{"status":"ok"}');
    machine.does('systemctl disable --now apache2; systemctl start nginx');
  });

  test('adds a user, and a JupyterHub', () => {
    does(blocks.find(({ text }) => text.includes('gatehouse user add alice')), `${passphrase}\n`);
    does(blocks.find(({ text }) => text.includes('systemctl enable --now jupyterhub')));
  });

  test('ends in a JupyterLab, by a sign-in at three hosts of three sites', (t) => {
    const hub = `https://${names.HUB}`;
    machine.does(`curl -sS --retry 60 --retry-all-errors --retry-delay 1 -o /dev/null -f ${hub}/hub/health`);
    const browser = [process.execPath, join(root, 'deploy/tests/packages/sign-in.mjs'), hub, 'alice', passphrase];
    const args = ['--target', machine.pid(), '--net', ...browser];
    const { status, stdout, stderr } = spawnSync('nsenter', args, { encoding: 'utf8', cwd: root });
    assert.equal(status, 0, `${stderr}\n${machine.run('journalctl -u jupyterhub -u gatehouse-api --no-pager | tail -n 60').out}`);
    for (const host of [names.UI, names.HUB]) assert.ok(stdout.includes(`https://${host}`), stdout);
    assert.match(machine.does('getent passwd alice'), /\/home\/alice/);
    const all = Math.round((Date.now() - began) / 1000);
    const took = Object.entries(seconds).map(([what, s]) => `${what} ${Math.round(s)} s`).join(', ');
    t.diagnostic(`${all} s from a clean Debian to JupyterLab: ${took}`);
  });
});
