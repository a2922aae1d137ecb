// What Prometheus makes of the metrics: a real one scrapes a real API, and its alerts fire.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { freePorts, program, root, startStack } from '../../ui/tests/e2e/stack.mjs';
import { missingPrograms } from './web-servers.mjs';

const folder = join(root, 'deploy/prometheus');
const absent = missingPrograms({ prometheus: 'prometheus', promtool: 'prometheus' });
const skip = absent || false;
let stack; let prometheus; let at; let metricsPort;

before(async () => {
  if (skip) return;
  [metricsPort] = await freePorts(1);
  stack = await startStack('metrics', { hub: false, env: { GATEHOUSE_METRICS_LISTEN: `127.0.0.1:${metricsPort}` } });
  const state = join(stack.state, 'prometheus');
  mkdirSync(state, { recursive: true });
  const configured = readFileSync(join(folder, 'prometheus.yml'), 'utf8').replace('127.0.0.1:9464', `127.0.0.1:${metricsPort}`);
  writeFileSync(join(state, 'prometheus.yml'), `global: {scrape_interval: 1s, evaluation_interval: 1s}\n${configured}`);
  // The same rules, which wait for a second where administrators wait for minutes.
  const rules = readFileSync(join(folder, 'gatehouse.rules.yml'), 'utf8');
  writeFileSync(join(state, 'gatehouse.rules.yml'), rules.replaceAll(/for: \d+m/g, 'for: 1s'));
  const [port] = await freePorts(1);
  at = `http://127.0.0.1:${port}`;
  prometheus = await program('prometheus', [`--config.file=${join(state, 'prometheus.yml')}`, `--storage.tsdb.path=${join(state, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`], {}, /Server is ready/);
});
after(async () => {
  await prometheus?.stop();
  await stack?.stop();
});

const ask = async (query) => (await (await fetch(`${at}/api/v1/query?query=${encodeURIComponent(query)}`)).json()).data.result;

/** Waits until a query of Prometheus has a result that `fits`. */
async function until(query, fits = (result) => result.length > 0) {
  for (const end = Date.now() + 60_000; ; await new Promise((r) => { setTimeout(r, 500); })) {
    const result = await ask(query);
    if (fits(result)) return result;
    assert.ok(Date.now() < end, `${query}: ${JSON.stringify(result)}`);
  }
}

test('each alert is silent while all is well, and fires when it should', { skip }, () => {
  execFileSync('promtool', ['check', 'rules', 'gatehouse.rules.yml'], { cwd: folder });
  execFileSync('promtool', ['test', 'rules', 'gatehouse.rules.test.yml'], { cwd: folder });
});

test('Prometheus scrapes what rules and dashboard ask for', { skip }, async () => {
  await until('gatehouse_database_up == 1');
  const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  const said = new Set(text.match(/^# TYPE \S+ \S+/gm).map((line) => line.split(' ')[2]));
  // What counts begins with the first that happens.
  for (const counted of ['gatehouse_events_total', 'gatehouse_refusals_total', 'gatehouse_sign_in_steps_total']) said.add(counted);
  said.add('gatehouse_clean_up_late_seconds').add('gatehouse_signing_key_age_seconds');
  for (const file of ['gatehouse.rules.yml', 'grafana-dashboard.json', '../../docs/metrics.md']) {
    const asked = readFileSync(join(folder, file), 'utf8').match(/gatehouse_[a-z_]+/g)
      .map((name) => name.replace(/(_duration_seconds)_(bucket|count)$/, '$1'));
    assert.deepEqual([...new Set(asked)].filter((name) => !said.has(name)), [], file);
  }
});

test('Postgres is away: somebody is told within seconds, and nobody once it is back', { skip }, async () => {
  await stack.stopPostgres();
  const [alert] = await until('ALERTS{alertname="GatehouseDatabaseAway", alertstate="firing"}');
  assert.equal(alert.metric.severity, 'page');
  await stack.startPostgres();
  await until('ALERTS{alertname="GatehouseDatabaseAway"}', (result) => result.length === 0);
});

test('a client that is refused is counted', { skip }, async () => {
  const issued = (query) => fetch(`${stack.issuer}/token`, { method: 'POST', body: new URLSearchParams(query) });
  assert.equal((await issued({ grant_type: 'authorization_code', code: 'x', client_id: 'nobody' })).status, 401);
  await until('gatehouse_refusals_total{endpoint="token", error="invalid_client"} == 1');
  await until('gatehouse_request_duration_seconds_count{path="/token", status="4xx"} == 1');
});
