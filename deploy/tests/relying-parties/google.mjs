// An OpenID Provider that is not ours, to stand where Google does: node-oidc-provider with its own pages.
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { once } from 'node:events';
import Provider from 'oidc-provider';

/** Starts it with one client; access tokens live for `seconds`, which may be changed, and refresh tokens are good once. */
export async function startGoogle(client) {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const google = { issuer: `http://localhost:${server.address().port}`, seconds: 3600, refreshes: 0, close: () => server.close() };
  const provider = new Provider(google.issuer, {
    clients: [{ grant_types: ['authorization_code', 'refresh_token'], ...client }],
    cookies: { keys: [randomBytes(16).toString('hex')] },
    claims: { openid: ['sub'], profile: ['name'], email: ['email', 'email_verified'] },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, name: id, email: `${id}@gmail.example`, email_verified: true }) }),
    issueRefreshToken: (_, client) => client.grantTypeAllowed('refresh_token'), // Google wants access_type=offline for that
    rotateRefreshToken: true,
    ttl: { AccessToken: () => google.seconds, RefreshToken: 86400, Session: 86400, Grant: 86400, Interaction: 600, IdToken: 600 },
  });
  provider.on('grant.success', ({ oidc }) => { google.refreshes += oidc.params.grant_type === 'refresh_token' ? 1 : 0; });
  server.on('request', provider.callback());
  google.opens = async (token) => (await fetch(`${google.issuer}/me`, { headers: { authorization: `Bearer ${token}` } })).status === 200;
  /** What a person does there; any password will do. */
  google.signIn = async (page, login) => {
    await page.fill('input[name=login]', login);
    await page.fill('input[name=password]', 'any');
    await page.click('button[type=submit]');
    await google.allow(page);
  };
  google.allow = (page) => page.click('button[type=submit]:has-text("Continue")');
  return google;
}
