// `npm test`: installs and builds what is missing, then runs the tests that are asked for: every one unless some are named. A failed
// section does not stop the others.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { Problem, browser, install, relyingParties, root, webServers } from './install.mjs';
import { output, runFiles } from './test-files.mjs';

const usage = `usage: npm test                    every test
       npm test -- --quick         what to run before each commit: no database, no browser, no server
       npm test -- --race          every test, all of Go's under the race detector
       npm test -- NAME…           only these: a Go room (web, cmd/gatehouse), ui, or a test file or folder
                                   such as deploy/tests/relying-parties/django.test.mjs or ui/tests/e2e`;

// What points to somebody's own server stays out of the tests.
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(GATEHOUSE_|DEV_|DATABASE_)/.test(name)));
const totals = { passed: 0, failed: 0, skipped: 0 };
const times = []; // of the test files and the Go packages: [name, ms]
const started = Date.now();
const node = (...args) => [process.execPath, ...args];
// What hangs fails; but on a slow machine a package may take longer than Go's own ten minutes, with the race detector.
const goTest = ['go', 'test', '-json', '-timeout=30m'];
// They need a Postgres, or seconds.
const slowRooms = ['provider', 'web', 'store', 'devdb', 'admin', 'cmd/gatehouse', 'cmd/bench', 'cmd/bench/load'];

const asked = read(process.argv.slice(2));
const lastTime = join(root, '.cache/npm-test-seconds');
if (asked.everything) console.log(existsSync(lastTime)
  ? `Every test: ${inMinutes(Number(readFileSync(lastTime, 'utf8')))} the last time here`
  : 'Every test: many minutes, and more the first time, which installs what they need; the next time says how many');
// Without a C compiler there is no race detector.
const hasRace = ['cc', 'gcc', 'clang'].some((cc) => spawnSync(cc, ['--version']).status === 0);
const { rest } = await prepare(asked);
const all = sections(asked);
const isGo = ([name]) => name.startsWith('go test'); // which uses all cores by itself
await Promise.all(all.filter((s) => !isGo(s)).map((s) => section(...s)));
for (const s of all.filter(isGo)) await section(...s);
await rest;
await testFileSections(asked.files);
finish();

/** Reads the arguments: the Go packages, the test files and the sections to run; a word that names none of them ends the program. */
function read(words) {
  if (words.includes('--help')) end(usage, 0);
  const [quick, race] = ['--quick', '--race'].map((flag) => words.includes(flag));
  const unknown = words.find((word) => word.startsWith('-') && !['--quick', '--race'].includes(word));
  if (unknown) end(`npm test has no ${unknown}\n${usage}`, 2);
  const names = words.filter((word) => !word.startsWith('-'));
  const rooms = goRooms();
  if (names.length === 0) {
    return { quick, race, everything: !quick, checks: true, ui: true,
      rooms: quick ? rooms.filter((room) => !slowRooms.includes(room)) : rooms,
      files: quick ? [] : ['ui/tests', 'deploy/tests', 'ui/tests/e2e', 'deploy/tests/relying-parties'].flatMap(testFiles) };
  }
  const out = { quick, race, checks: false, ui: false, rooms: [], files: [] };
  for (const name of names) {
    const path = relative(root, resolve(root, name));
    const room = path.replace(/^api\//, '');
    if (rooms.includes(room)) out.rooms.push(room);
    else if (path === 'ui') out.ui = true;
    else if (testFiles(path).length > 0) out.files.push(...testFiles(path));
    else end(`There is no test named ${name}. The Go rooms are: ${rooms.join(' ')}\n${usage}`, 2);
  }
  if (out.ui && !quick) out.files.push(...testFiles('ui/tests'));
  return out;
}

function end(text, code) {
  console.log(text);
  process.exit(code);
}

/** Returns the folders below api that have Go tests, and '.' for api itself, as they are named on the command line. */
function goRooms() {
  const all = readdirSync(join(root, 'api'), { recursive: true, withFileTypes: true });
  const tests = all.filter((file) => file.name.endsWith('_test.go'));
  const folders = tests.map((file) => relative(join(root, 'api'), file.parentPath ?? file.path));
  return [...new Set(folders)].map((folder) => folder || '.').sort();
}

/** Returns the test files that a path stands for: itself, or those in the folder, but not below it. */
function testFiles(path) {
  const full = join(root, path);
  if (!existsSync(full)) return [];
  if (!statSync(full).isDirectory()) return path.endsWith('.test.mjs') ? [path] : [];
  return readdirSync(full).filter((name) => name.endsWith('.test.mjs')).sort().map((name) => join(path, name));
}

/** Installs what every test needs; `rest` is done when there is all that the test files need, beside the tests of Go. */
async function prepare({ files }) {
  try {
    await install({ hub: false });
  } catch (e) {
    if (!(e instanceof Problem)) throw e;
    report('Installing', { failed: 1 }, e.message);
    finish();
  }
  return { rest: files.length > 0 ? prepareFiles() : undefined };
}

/** Installs what the test files run. One after the other: apt-get lets no other run beside it. */
async function prepareFiles() {
  for (const [name, installed] of [
    ['Chromium', async () => { env.CHROMIUM = await browser(); }],
    ['JupyterHub', async () => await relyingParties()],
    ['Web servers', webServers],
  ]) {
    try {
      const without = await installed();
      if (without) report(name, { failed: 1 }, `There is nothing to test with: ${without}`);
    } catch (e) {
      if (!(e instanceof Problem)) throw e;
      report(name, { failed: 1 }, e.message);
    }
  }
}

/** Lists the sections of commands to run, in their order, each as the arguments of `section`. */
function sections({ quick, race, checks, ui, rooms }) {
  const list = [];
  if (checks) {
    list.push(['gofmt', ['gofmt', '-l', 'api', 'deploy', 'migrations'], (out, code) => asOne(out, code || out.length)]);
    list.push(['go vet', ['go', 'vet', './...'], asOne]);
    list.push(['lint', node('api/cmd/dev/lint.mjs'), asOne]);
  }
  const raced = hasRace && !quick ? rooms.filter((room) => race || startsGoroutines(room)) : [];
  const plain = rooms.filter((room) => !raced.includes(room) || room === 'authn'); // whose hashes cost less under the race detector
  const packages = (names) => names.map((name) => `./api/${name === '.' ? '' : name}`);
  if (plain.length > 0) list.push(['go test', [...goTest, ...packages(plain)], goTests]);
  if (raced.length > 0) list.push(['go test -race', [...goTest, '-race', ...packages(raced)], goTests, { CGO_ENABLED: '1' }]);
  if (ui) {
    const svelteCheck = 'node_modules/svelte-check/bin/svelte-check';
    list.push(['svelte-check', node(svelteCheck, '--tsconfig', 'ui/tsconfig.json', '--fail-on-warnings'), asOne]);
    list.push(['UI: units', node('node_modules/vitest/vitest.mjs', 'run', '--root', 'ui'), vitest]);
  }
  return list;
}

/** Reports whether the code of a room, its tests left out, starts goroutines or guards what they share. */
function startsGoroutines(room) {
  const folder = join(root, 'api', room);
  const sources = readdirSync(folder).filter((name) => name.endsWith('.go') && !name.endsWith('_test.go'));
  return sources.some((name) => /^\s*go |"sync"|"sync\/atomic"/m.test(readFileSync(join(folder, name), 'utf8')));
}

/** Runs a command and reports what `count` makes of its output and exit code. */
async function section(name, command, count, extra = {}) {
  const since = Date.now();
  const { out, code } = await output(name, command, { ...env, ...extra });
  judge(name, count(out, code), out, code, Date.now() - since);
}

/** Runs the test files, and reports each as it ends. */
async function testFileSections(files) {
  const since = Date.now();
  await runFiles(files, env, (file, out, code, ms) => {
    times.push([file, ms]);
    judge(file, tap(out), out, code, ms);
  });
  if (files.length > 1) console.log(`${files.length} files side by side (${seconds(Date.now() - since)})`);
}

/** Reports what a runner counted; one that broke down before it counted anything has failed. */
function judge(name, { details, versions, ...counts }, out, code, ms) {
  if (code !== 0 && !counts.failed) counts.failed = 1;
  report(name, counts, counts.failed ? details ?? out : '', ms);
  if (versions?.length) console.log(`  with ${versions.join(', ')}`);
}

function report(name, counts, details, ms = 0) {
  for (const key of Object.keys(totals)) totals[key] += counts[key] || 0;
  const words = Object.keys(totals).filter((key) => counts[key]).map((key) => `${counts[key]} ${key}`);
  console.log(`${counts.failed ? '✗' : '✓'} ${name}: ${words.join(', ') || 'passed'} (${seconds(ms)})`);
  if (details) console.log(details.trim().replaceAll(/^/gm, '    '));
}

function finish() {
  const slowest = times.sort(([, a], [, b]) => b - a).slice(0, 10);
  if (slowest.length > 1) console.log(`\nThe slowest: ${slowest.map(([name, ms]) => `${name} ${seconds(ms)}`).join(', ')}`);
  const skipped = totals.skipped ? `, ${totals.skipped} skipped` : '';
  if (asked.everything) {
    mkdirSync(dirname(lastTime), { recursive: true });
    writeFileSync(lastTime, String(Math.round((Date.now() - started) / 1000)));
  }
  console.log(`\nAll in ${Math.round((Date.now() - started) / 1000)} s`);
  console.log(`${totals.passed} passed, ${totals.failed} failed${skipped}`);
  process.exit(totals.failed ? 1 : 0);
}

function inMinutes(s) { return s < 120 ? `${s} s` : `${Math.round(s / 60)} minutes`; }

function seconds(ms) { return `${(ms / 1000).toFixed(1)} s`; }

function asOne(_, code) { return code === 0 ? { passed: 1 } : { failed: 1 }; }

function tap(out) {
  const count = (what) => Number(out.match(new RegExp(`^# ${what} (\\d+)$`, 'm'))?.[1] || 0);
  const blocks = out.match(/^( *)not ok .*\n\1 {2}---\n[^]*?\n\1 {2}\.\.\.$/gm) || [];
  const details = blocks.filter((block) => !block.includes("failureType: 'subtestsFailed'")).join('\n') || out;
  // A test names the packages that it ran with: t.diagnostic('with Django 5.2').
  const versions = [...new Set([...out.matchAll(/^ *# with (.+)$/gm)].map(([, text]) => text))].sort();
  return { passed: count('pass'), failed: count('fail') + count('cancelled'), skipped: count('skipped'), details, versions };
}

function vitest(out) {
  const line = out.match(/^\s*Tests .*$/m)?.[0] || '';
  const count = (what) => Number(line.match(new RegExp(`(\\d+) ${what}`))?.[1] || 0);
  return { passed: count('passed'), failed: count('failed'), skipped: count('skipped') };
}

// One JSON object a line (`go doc test2json`); a package that fails without a failed test did not build, or its TestMain failed.
function goTests(out) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const outputs = new Map();
  const failed = [];
  for (const line of out.split('\n')) {
    let event;
    try { event = JSON.parse(line); } catch { event = { Action: 'output', Output: `${line}\n` }; }
    const key = `${event.Package || event.ImportPath || ''} ${event.Test || ''}`;
    if (event.Output) outputs.set(key, (outputs.get(key) || '') + event.Output);
    if (event.Action === 'fail' || event.Action === 'build-fail') failed.push(key);
    const result = { pass: 'passed', fail: 'failed', skip: 'skipped' }[event.Action];
    if (event.Test && result) counts[result] += 1;
    else if (result && event.Elapsed) times.push([event.Package.replace('gatehouse/', ''), event.Elapsed * 1000]);
  }
  return { ...counts, details: ['  ', ...failed].map((key) => outputs.get(key) || '').join('') };
}
