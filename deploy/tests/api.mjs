// Postgres and `gatehouse serve`, built from this checkout, with a registered JupyterHub.
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { deploy, start } from './web-servers.mjs';

export const project = dirname(deploy);
const key = randomBytes(32).toString('base64');

/** Builds the programs into dir; returns the path of gatehouse. */
export function build(dir) {
  const packages = ['./api/cmd/gatehouse', './api/cmd/dev'];
  execFileSync('go', ['build', '-buildvcs=false', '-o', `${dir}/`, ...packages], { cwd: project, stdio: 'pipe' });
  return join(dir, 'gatehouse');
}

/** A Postgres of its own in dir, where build left the program that finds or starts one. */
export async function startPostgres(dir) {
  mkdirSync(join(dir, 'state'));
  const { DATABASE_URL: _, ...env } = process.env;
  const child = spawn(join(dir, 'dev'), ['postgres'], { cwd: project, env: { ...env, DEV_STATE: join(dir, 'state') },
    stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((done) => { child.on('exit', done); });
  const url = await Promise.race([new Promise((done) => { createInterface({ input: child.stdout }).once('line', done); }), ended]);
  if (typeof url !== 'string') throw new Error('Postgres did not start');
  return { url, stop: () => { child.kill(); return ended; } };
}

/** The settings of deploy/systemd for the site s. */
export const environment = (s) => ({
  GATEHOUSE_ISSUER: s.apiOrigin,
  GATEHOUSE_UI_ORIGIN: s.uiOrigin,
  GATEHOUSE_TRUSTED_PROXIES: '127.0.0.1,::1',
  GATEHOUSE_LISTEN: `127.0.0.1:${s.apiPort}`,
  GATEHOUSE_ENCRYPTION_KEY: key,
  GATEHOUSE_ADMIN_GROUP: 'gatehouse-admins',
  DATABASE_URL: s.database,
});

/** Migrates, registers the Hub of the site under the name client, and serves the API. */
export function startApi(s, gatehouse, client) {
  const env = environment(s);
  execFileSync(gatehouse, ['migrate'], { env, stdio: 'pipe' });
  execFileSync(gatehouse, ['client', 'add', client, '--template', 'jupyterhub', '--url', s.hubOrigin], { env, stdio: 'pipe' });
  return start(gatehouse, ['serve'], s.apiPort, { env });
}
