// A web application that signs people in with Gatehouse: openid-client and Node's own http, no framework.
//   ISSUER=https://api.example.org CLIENT_ID=… CLIENT_SECRET=… BASE_URL=https://app.example.org node app.mjs
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import * as oidc from 'openid-client';

const { ISSUER, CLIENT_ID, CLIENT_SECRET, BASE_URL, PORT = 3000 } = process.env;
// openid-client speaks https only, unless it is told that this is a developer's machine.
const local = new URL(ISSUER).hostname === 'localhost' ? { execute: [oidc.allowInsecureRequests] } : {};
const metadata = { client_secret: CLIENT_SECRET, id_token_signed_response_alg: 'ES256' }; // it expects RS256 unless told otherwise
const config = await oidc.discovery(new URL(ISSUER), CLIENT_ID, metadata, undefined, local);
const cookie = BASE_URL.startsWith('https:') ? '__Host-session' : 'session';
const sessions = new Map(); // of people who signed in; put them into your database

/** What waits for the answer of Gatehouse stays in the browser, so that visitors cost no memory. */
const begun = (values, seconds) => `${cookie}-login=${encodeURIComponent(JSON.stringify(values))}; ${attributes(seconds)}`;
const attributes = (seconds) => `Path=/; HttpOnly; SameSite=Lax; Max-Age=${seconds}${cookie.startsWith('__Host-') ? '; Secure' : ''}`;
const cookies = (request) => Object.fromEntries((request.headers.cookie ?? '').split('; ').map((pair) => pair.split(/=(.*)/s, 2)));
const escaped = (text) => String(text).replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

const pages = {
  '/': (_, response, session) => {
    response.setHeader('content-type', 'text/html; charset=utf-8');
    if (!session) return response.end('<a href="/login">Sign in</a>');
    const { name, groups } = session.claims;
    return response.end(`<p>Hello ${escaped(name)}, in ${escaped(groups.join(', ') || 'no group')}</p><a href="/logout">Sign out</a>`);
  },

  '/login': async (_, response) => {
    const login = { pkceCodeVerifier: oidc.randomPKCECodeVerifier(), expectedState: oidc.randomState(), expectedNonce: oidc.randomNonce() };
    const address = oidc.buildAuthorizationUrl(config, {
      redirect_uri: `${BASE_URL}/callback`, scope: 'openid profile email groups', state: login.expectedState, nonce: login.expectedNonce,
      code_challenge: await oidc.calculatePKCECodeChallenge(login.pkceCodeVerifier), code_challenge_method: 'S256',
    });
    response.writeHead(302, { location: address.href, 'set-cookie': begun(login, 600) }).end();
  },

  '/callback': async (request, response) => {
    const login = JSON.parse(decodeURIComponent(cookies(request)[`${cookie}-login`] ?? 'null'));
    if (!login) return response.writeHead(400).end('This sign-in did not begin in this browser, or too long ago: begin again.');
    const tokens = await oidc.authorizationCodeGrant(config, new URL(request.url, BASE_URL), login);
    const id = randomUUID();
    sessions.set(id, { claims: tokens.claims(), idToken: tokens.id_token });
    return response.writeHead(302, { location: '/', 'set-cookie': [`${cookie}=${id}; ${attributes(28800)}`, begun({}, 0)] }).end();
  },

  '/logout': (request, response, session) => {
    sessions.delete(cookies(request)[cookie]);
    const hint = session ? { id_token_hint: session.idToken } : {};
    const address = oidc.buildEndSessionUrl(config, { post_logout_redirect_uri: `${BASE_URL}/`, ...hint });
    response.writeHead(302, { location: address.href, 'set-cookie': `${cookie}=; ${attributes(0)}` }).end();
  },
};

createServer(async (request, response) => {
  try {
    const page = pages[new URL(request.url, BASE_URL).pathname]; // throws for //
    if (!page) return response.writeHead(404).end('There is no such page.');
    return await page(request, response, sessions.get(cookies(request)[cookie]));
  } catch (e) {
    console.error(`${e.code}: ${e.message} ${e.error ?? ''} ${e.error_description ?? ''} ${e.cause?.message ?? ''}`);
    return response.writeHead(500).end('The sign-in failed: the log says why.');
  }
}).listen(PORT, () => console.log(`${BASE_URL} is listening on ${PORT}`));
