// The units, the compose file and the documentation: what can be held against the program and the tools without running them.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { build, project } from './api.mjs';
import { has } from './web-servers.mjs';

const read = (path) => readFileSync(join(project, path), 'utf8');
const run = (command, args, options) => spawnSync(command, args, { cwd: project, encoding: 'utf8', ...options });

let dir; let gatehouse;
before(() => {
  dir = mkdtempSync(join(tmpdir(), 'gatehouse-files-'));
  gatehouse = build(dir);
});
after(() => rmSync(dir, { recursive: true, force: true }));

describe('systemd', { skip: !has('systemd-analyze') && 'systemd-analyze is not installed; apt-get install systemd' }, () => {
  const units = ['systemd/gatehouse-api.service', 'systemd/gatehouse-migrate.service', 'systemd/gatehouse-ui.service',
    'jupyterhub/jupyterhub.service'];

  test('the units are valid', () => {
    const paths = units.map((unit) => {
      const path = join(dir, unit.split('/')[1]);
      writeFileSync(path, read(`deploy/${unit}`).replaceAll(/^ExecStart=\S+/gm, `ExecStart=${gatehouse}`));
      return path;
    });
    const { status, stderr } = run('systemd-analyze', ['verify', '--man=no', ...paths]);
    assert.equal(stderr, '');
    assert.equal(status, 0);
  });

  test('the services of Gatehouse are locked in', () => {
    for (const unit of units.slice(0, 3)) {
      const { stdout, stderr } = run('systemd-analyze', ['security', '--offline=true', join(project, 'deploy', unit)]);
      const exposure = stdout.match(/Overall exposure level for \S+: ([0-9.]+)/)?.[1];
      assert.ok(Number(exposure) < 1.2, `${unit}: ${exposure} ${stderr}`);
    }
  });

  const noStrace = !has('strace') && 'strace is not installed; apt-get install strace';
  test('the filter of system calls lets through what the program calls', { skip: noStrace }, async () => {
    const filters = units.slice(0, 3).map((unit) => [...read(`deploy/${unit}`).matchAll(/^SystemCallFilter=(.*)/gm)].map((m) => m[1]));
    const [filter, ...others] = filters;
    for (const other of others) assert.deepEqual(other, filter);
    const allowed = new Set();
    for (const line of filter) {
      for (const call of line.replace('~', '').split(' ').flatMap(callsOf)) line.startsWith('~') ? allowed.delete(call) : allowed.add(call);
    }
    for (const call of ['setuid', 'setpriority', 'keyctl', 'io_uring_setup', 'ptrace', 'mount', 'bpf']) assert.ok(!allowed.has(call), call);
    const env = { PATH: process.env.PATH, GATEHOUSE_ISSUER: 'http://localhost:4000', GATEHOUSE_UI_LISTEN: '127.0.0.1:0',
      GATEHOUSE_UI_ROOT: join(project, 'ui') };
    const log = join(dir, 'calls');
    // -D: the program is the child, and strace its grandchild
    const ui = spawn('strace', ['-D', '-f', '-qq', '-o', log, gatehouse, 'ui'], { env, stdio: ['ignore', 'ignore', 'pipe'] });
    for await (const line of createInterface({ input: ui.stderr })) {
      if (line.includes('"listening"')) ui.kill();
    }
    run('strace', ['-f', '-qq', '-A', '-o', log, gatehouse, 'migrate'], { env: { ...env, DATABASE_URL: 'postgres://u@127.0.0.1:1/x' } });
    const called = new Set([...readFileSync(log, 'utf8').matchAll(/^\d+ +([a-z0-9_]+)\(/gm)].map((m) => m[1]));
    assert.ok(called.size > 20);
    assert.deepEqual([...called].filter((call) => !allowed.has(call)), []);
  });
});

/** The system calls of a group such as @system-service. */
function callsOf(group) {
  if (!group.startsWith('@')) return [group];
  const lines = run('systemd-analyze', ['syscall-filter', group]).stdout.split('\n').map((line) => line.trim());
  return lines.filter((line) => line && !line.startsWith('#') && line !== group).flatMap(callsOf);
}

test('the environment file is accepted by the program', () => {
  const values = read('deploy/systemd/gatehouse.env').split('\n').filter((line) => /^\w/.test(line)).map((line) => line.split(/=(.*)/));
  const { status, stdout, stderr } = run(gatehouse, ['config'], { env: Object.fromEntries(values) });
  assert.equal(status, 0, stderr);
  assert.match(stdout, /GATEHOUSE_ISSUER +https:\/\/api\.hostname +environment/);
});

describe('docker compose', () => {
  const compose = [['docker', 'compose'], ['docker-compose']].find(([c, ...args]) => has(c) && run(c, [...args, 'version']).status === 0);

  test('the file is valid', { skip: !compose && 'docker compose is not installed; apt-get install docker-compose' }, () => {
    const [command, ...args] = compose;
    const env = { PATH: process.env.PATH, POSTGRES_PASSWORD: 'p', GATEHOUSE_ENCRYPTION_KEY: 'k' };
    const { status, stdout, stderr } = run(command, [...args, '-f', 'docker-compose.yml', 'config'], { env });
    assert.equal(status, 0, stderr);
    for (const service of ['db', 'migrate', 'api', 'ui', 'jupyterhub']) assert.match(stdout, new RegExp(`^  ${service}:`, 'm'));
  });

  test('a service has the secrets that it needs, and no others', () => {
    const file = read('docker-compose.yml');
    const block = (name) => file.match(new RegExp(`^( *)${name}:.*\\n((?:\\1 +.*\\n|\\n)*)`, 'm'))[2];
    assert.doesNotMatch(block('x-gatehouse'), /ENCRYPTION_KEY|DATABASE_URL|PASSWORD/);
    for (const service of ['migrate', 'register']) {
      assert.match(block(service), /\*database/, service);
      assert.doesNotMatch(block(service), /ENCRYPTION_KEY/, service);
    }
    const secret = /\*database|DATABASE_URL|PASSWORD|ENCRYPTION_KEY/;
    for (const service of ['ui', 'jupyterhub']) assert.doesNotMatch(block(service), secret, service);
    assert.match(block('api'), /GATEHOUSE_ENCRYPTION_KEY/);
  });

  test('no package runs a program of its own while an image is built', () => {
    for (const name of readdirSync(join(project, 'deploy/docker')).filter((f) => f.endsWith('.Dockerfile'))) {
      const file = read(`deploy/docker/${name}`);
      for (const [line] of file.matchAll(/\bnpm (?:ci|install)\b.*/g)) assert.match(line, /--ignore-scripts/, name);
      for (const [line] of file.matchAll(/\bpip install\b.*/g)) assert.match(line, /--only-binary=:all:/, name);
    }
  });

  test('what a Dockerfile copies is there and not ignored', () => {
    const ignored = read('deploy/docker/gatehouse.Dockerfile.dockerignore').split('\n');
    for (const [, sources] of read('deploy/docker/gatehouse.Dockerfile').matchAll(/^COPY ((?!--from).*) \S+$/gm)) {
      for (const source of sources.split(' ')) {
        assert.ok(existsSync(join(project, source)), source);
        assert.ok(ignored.some((line) => line.startsWith(`!${source}`)), `${source} is ignored`);
      }
    }
  });
});

describe('documentation', () => {
  const docs = readdirSync(join(project, 'docs'), { recursive: true }).filter((f) => f.endsWith('.md'));
  const pages = ['README.md', ...docs.map((f) => `docs/${f}`)];

  test('links lead to files', () => {
    for (const page of pages) {
      for (const [, target] of read(page).matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
        assert.ok(existsSync(join(project, dirname(page), target)), `${page} links to ${target}`);
      }
    }
  });

  test('every gatehouse command and flag that is named exists', () => {
    const named = /(?:^|[`(| ])gatehouse ((?:[a-z-]+ ?)+[^`|>;)\n]*)/gm;
    const lines = pages.flatMap((page) => [...read(page).matchAll(named)].map((m) => [page, m[1]]));
    assert.ok(lines.length > 20);
    const seen = new Map();
    const help = (words) => {
      const key = words.join(' ');
      if (!seen.has(key)) seen.set(key, run(gatehouse, [...words, '--help']));
      return seen.get(key);
    };
    const commands = new Set(run(gatehouse, ['--help']).stdout.match(/^ {2}[a-z]+/gm).map((word) => word.trim()));
    for (const [page, line] of lines) {
      const words = line.trim().split(/\s+/);
      if (!commands.has(words[0])) continue; // the word is part of a sentence
      let depth = 3; // what follows the command are its arguments
      const is = (command) => help(command).stdout.startsWith(`Usage: gatehouse ${command.join(' ')} `);
      while (depth > 1 && !is(words.slice(0, depth))) depth -= 1;
      const command = words.slice(0, depth);
      const { status, stdout, stderr } = help(command);
      assert.equal(status, 0, `${page}: gatehouse ${line}: ${stderr}`);
      for (const [flag] of line.matchAll(/--[a-z-]+/g)) {
        assert.ok(stdout.includes(flag) || stdout.includes(flag.replace('--', '--[no-]')), `${page}: ${command.join(' ')} has no ${flag}`);
      }
    }
  });

  test('every variable that is named exists', () => {
    const known = run(gatehouse, ['config']).stdout;
    const others = new Set(['GATEHOUSE_SERVICE_HOST']);
    for (const page of [...pages, 'docker-compose.yml', 'deploy/docker/gatehouse.Dockerfile']) {
      for (const [, name] of read(page).matchAll(/\b((?:GATEHOUSE|DATABASE)_[A-Z_]*[A-Z])\b/g)) {
        const base = name.replace(/_FILE$/, '');
        assert.ok(known.includes(name) || known.includes(base) || others.has(name), `${page}: ${name}`);
      }
    }
  });

  test('every direct dependency is in dependencies.md', () => {
    const page = read('docs/dependencies.md');
    const npm = JSON.parse(read('package.json'));
    const go = [...read('go.mod').matchAll(/^(?:require )?\s*(\S+\.\S+\/\S+) v\S+$/gm)].map((m) => m[1]);
    for (const name of [...go, ...Object.keys({ ...npm.dependencies, ...npm.devDependencies, ...npm.optionalDependencies })]) {
      assert.ok(page.includes(`\`${name}\``), `${name} is missing`);
    }
  });
});
