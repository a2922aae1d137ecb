// `npm test`: installs and builds what is missing, then runs every test there is. A failed section does not stop the others.
import { spawn, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { findChromium } from '../../../ui/tests/chromium.mjs';
import { Problem, install, relyingParties, root } from './install.mjs';
import { progress } from './progress.mjs';

// What points to somebody's own server stays out of the tests.
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(GATEHOUSE_|DEV_|DATABASE_)/.test(name)));
const totals = { passed: 0, failed: 0, skipped: 0 };
const started = Date.now();
const node = (...args) => [process.execPath, ...args];
const patience = 10 * 60 * 1000; // ms for a file: what hangs fails, rather than stop everything
// `files`: how many run side by side. Those of the relying parties watch clocks of others, and those of the pages measure.
const nodeTests = (folder, files = 1) => node('--test', '--test-reporter=tap', `--test-concurrency=${files}`, `--test-timeout=${patience}`,
  ...readdirSync(join(root, folder)).filter((name) => name.endsWith('.test.mjs')).map((name) => join(folder, name)));

try {
  const without = await install() || await relyingParties();
  if (without) report('JupyterHub', { failed: 1 }, `There is no JupyterHub to test with: ${without}`);
  env.CHROMIUM = await findChromium(console.log);
} catch (e) {
  if (!(e instanceof Problem || /^No Chromium/.test(e.message))) throw e;
  report('Chromium', { failed: 1 }, e.message);
  if (e instanceof Problem) finish();
}

// The race detector needs a C compiler.
const race = ['cc', 'gcc', 'clang'].some((cc) => spawnSync(cc, ['--version']).status === 0);
await section('gofmt', ['gofmt', '-l', 'api', 'deploy', 'migrations'], (out, code) => asOne(out, code || out.length));
await section('go vet', ['go', 'vet', './...'], asOne);
await section(race ? 'go test -race' : 'go test', ['go', 'test', '-json', ...(race ? ['-race'] : []), './...'], goTests,
  race ? { CGO_ENABLED: '1' } : {});
const svelteCheck = 'node_modules/svelte-check/bin/svelte-check';
await section('svelte-check', node(svelteCheck, '--tsconfig', 'ui/tsconfig.json', '--fail-on-warnings'), asOne);
await section('UI: units', node('node_modules/vitest/vitest.mjs', 'run', '--root', 'ui'), vitest);
await section('UI: pages', nodeTests('ui/tests'), tap);
await section('Web servers', nodeTests('deploy/tests'), tap);
await section('End to end', nodeTests('ui/tests/e2e', 2), tap);
await section('Relying parties', nodeTests('deploy/tests/relying-parties'), tap);
finish();

/** Runs a command and reports what `count` makes of its output and exit code. */
async function section(name, [command, ...args], count, extra = {}) {
  const done = progress(name);
  const since = Date.now();
  const { out, code } = await new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, env: { ...env, NO_COLOR: '1', ...extra }, stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => chunks.push(data));
    child.on('error', (e) => chunks.push(Buffer.from(e.message)));
    child.on('close', (exit) => resolve({ out: Buffer.concat(chunks).toString(), code: exit }));
  });
  done(false);
  const { details = out, versions, ...counts } = count(out, code);
  // A runner that broke down before it counted anything.
  if (code !== 0 && !counts.failed) counts.failed = 1;
  report(name, counts, counts.failed ? details : '', Date.now() - since);
  if (versions?.length) console.log(`  with ${versions.join(', ')}`);
}

function report(name, counts, details, ms = 0) {
  for (const key of Object.keys(totals)) totals[key] += counts[key] || 0;
  const words = Object.keys(totals).filter((key) => counts[key]).map((key) => `${counts[key]} ${key}`);
  console.log(`${counts.failed ? '✗' : '✓'} ${name}: ${words.join(', ') || 'passed'} (${(ms / 1000).toFixed(1)} s)`);
  if (details) console.log(details.trim().replaceAll(/^/gm, '    '));
}

function finish() {
  const skipped = totals.skipped ? `, ${totals.skipped} skipped` : '';
  console.log(`\nAll in ${Math.round((Date.now() - started) / 1000)} s`);
  console.log(`${totals.passed} passed, ${totals.failed} failed${skipped}`);
  process.exit(totals.failed ? 1 : 0);
}

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
  }
  return { ...counts, details: ['  ', ...failed].map((key) => outputs.get(key) || '').join('') };
}
