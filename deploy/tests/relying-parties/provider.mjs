// node-oidc-provider as an upstream: a second provider that is not ours, on a host of its own, since cookies know no ports.
import { once } from 'node:events';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

/** Starts it for one client. `people` has the claims of each login; `spoil`, a Koa middleware, may change what it answers. */
export async function startProvider(client, people) {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [{ grant_types: ['authorization_code', 'refresh_token'], ...client }],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'preferred_username'] },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...people[id] }) }),
    cookies: { keys: ['only for tests'] },
    features: { devInteractions: { enabled: true } },
  });
  const upstream = { issuer, spoil: undefined, stop: () => new Promise((resolve) => {
    server.closeAllConnections();
    server.close(resolve);
  }) };
  provider.use((context, next) => (upstream.spoil ?? ((_, go) => go()))(context, next));
  server.on('request', provider.callback());
  return upstream;
}

/** Signs in at its own pages; any password will do there. */
export async function signInThere(page, issuer, login) {
  await page.waitForURL(`${issuer}/interaction/**`);
  if (await page.locator('input[name=login]').count()) {
    await page.fill('input[name=login]', login);
    await page.fill('input[name=password]', 'any');
    await page.click('button[type=submit]');
  }
  await page.click('text=Continue');
}
