// How the pages for administrators sign in, before an API that answers what a test tells it.
import { beforeEach, expect, test, vi } from 'vitest';

const api = 'https://api.example.org';
interface Asked { url: string; method: string; body: URLSearchParams; headers: Headers }
let asked: Asked[] = [];
let answers: Record<string, (one: Asked) => { status?: number; body?: object; headers?: Record<string, string> } | 'unreadable'> = {};
let left: URL | undefined;

type Module = typeof import('../../src/admin/lib/sign-in.ts');
let signIn: Module;
let call: typeof import('../../src/admin/lib/api.ts')['call'];

beforeEach(async () => {
  vi.resetModules(); // the tokens are in the module
  [signIn, { call }] = await Promise.all([import('../../src/admin/lib/sign-in.ts'), import('../../src/admin/lib/api.ts')]);
  [asked, left] = [[], undefined];
  sessionStorage.clear();
  localStorage.clear();
  history.replaceState(null, '', '/admin/people/ada?q=x');
  answers = {
    '/.well-known/oauth-protected-resource/admin/v1': () => ({ body: {} }),
    '/.well-known/openid-configuration': () => ({ body: {} }),
    '/par': () => ({ status: 201, body: { request_uri: 'urn:pushed' } }),
    '/token': () => ({ body: tokens('first') }),
  };
  vi.stubGlobal('fetch', async (url: string, init: RequestInit = {}) => {
    const [body, headers] = [new URLSearchParams(init.body as URLSearchParams), new Headers(init.headers)];
    const one = { url, method: init.method ?? 'GET', body, headers };
    asked.push(one);
    const answer = answers[new URL(url).pathname]?.(one) ?? { status: 404, body: {} };
    if (answer === 'unreadable') throw new TypeError('Failed to fetch');
    return new Response(JSON.stringify(answer.body ?? {}), { status: answer.status ?? 200, headers: answer.headers });
  });
  vi.spyOn(location, 'assign').mockImplementation((url) => { left = new URL(url); });
});

const part = (claims: object) => btoa(JSON.stringify(claims)).replaceAll('=', '');
const tokens = (name: string, seconds = 300) => ({
  access_token: name, expires_in: seconds, refresh_token: `refresh-${name}`,
  id_token: `${part({})}.${part({ sub: 's', preferred_username: 'alice', name: 'Alice' })}.x`,
});
const to = (path: string) => asked.filter((one) => new URL(one.url).pathname === path);
const claimsOf = (proof: string) => JSON.parse(atob(proof.split('.')[1]!.replaceAll('-', '+').replaceAll('_', '/')));
const wait = async (done: () => unknown) => { await vi.waitUntil(done, { interval: 5 }); };

/** Goes there and comes back, as a browser with a session does. */
async function come() {
  void signIn.signIn(api);
  await wait(() => left);
  const [state] = Object.keys(sessionStorage).map((key) => key.replace('admin ', ''));
  history.replaceState(null, '', `/admin/?code=c&state=${state}&iss=${encodeURIComponent(api)}`);
  left = undefined;
  return signIn.signIn(api);
}
const code = async (way: Promise<unknown>) => {
  try { await way; } catch (e) { return (e as InstanceType<Module['NoWay']>).code; }
  return 'in';
};

test('a code with PKCE and state is asked for, for the admin API alone, and comes back to the place', async () => {
  expect(await come()).toEqual({ username: 'alice', name: 'Alice' });
  const pushed = to('/par')[0]!.body;
  expect(Object.fromEntries(pushed)).toMatchObject({
    client_id: 'gatehouse-admin', response_type: 'code', code_challenge_method: 'S256', resource: `${api}/admin/v1`,
    redirect_uri: `${location.origin}/admin/`, scope: 'openid profile admin.read admin.write',
  });
  const { body, headers } = to('/token')[0]!;
  const challenge = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(body.get('code_verifier')!));
  expect(btoa(String.fromCharCode(...new Uint8Array(challenge))).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, ''))
    .toBe(pushed.get('code_challenge'));
  expect(claimsOf(headers.get('DPoP')!)).toMatchObject({ htm: 'POST', htu: `${api}/token` });
  expect(location.pathname + location.search).toBe('/admin/people/ada?q=x');
});

test('nothing of it is kept', async () => {
  await come();
  expect([{ ...sessionStorage }, { ...localStorage }, document.cookie]).toEqual([{}, {}, '']);
});

test('a state of another tab, or one that was used, begins anew; a code of another issuer is refused', async () => {
  history.replaceState(null, '', `/admin/?code=c&state=other&iss=${encodeURIComponent(api)}`);
  void signIn.signIn(api);
  await wait(() => left);
  expect(to('/token')).toEqual([]);
  const [state] = Object.keys(sessionStorage).map((key) => key.replace('admin ', ''));
  history.replaceState(null, '', `/admin/?code=c&state=${state}&iss=https%3A%2F%2Fevil.example`);
  expect(await code(signIn.signIn(api))).toBe('refused');
  expect(to('/token')).toEqual([]);
});

test('a nonce is taken from the answer that asks for one, and goes into the next proof', async () => {
  let first = true;
  answers['/token'] = () => {
    if (!first) return { body: tokens('first') };
    first = false;
    return { status: 400, body: { error: 'use_dpop_nonce' }, headers: { 'DPoP-Nonce': 'n-1' } };
  };
  await come();
  expect(to('/token').map(({ headers }) => claimsOf(headers.get('DPoP')!).nonce)).toEqual([undefined, 'n-1']);
});

test('a token is renewed before it ends, once for all who wait, and after the API refused it', async () => {
  let made = 0;
  answers['/token'] = () => {
    made += 1;
    return { body: tokens(`t${made}`, made === 1 ? 5 : 300) }; // the first is about to end
  };
  answers['/admin/v1/me'] = ({ headers }) =>
    (headers.get('Authorization') === 'DPoP t3' || made === 2 ? { body: {} } : { status: 401, body: { code: 'invalid_token' } });
  await come();
  await Promise.all([call('GET', '/me'), call('GET', '/me'), call('GET', '/me')]);
  expect(to('/token').map(({ body }) => body.get('grant_type'))).toEqual(['authorization_code', 'refresh_token']);
  answers['/admin/v1/me'] = ({ headers }) =>
    (headers.get('Authorization') === 'DPoP t3' ? { body: {} } : { status: 401, body: { status: 401, code: 'invalid_token' } });
  await call('GET', '/me');
  expect(to('/token')).toHaveLength(3);
  expect(claimsOf(to('/admin/v1/me').at(-1)!.headers.get('DPoP')!)).toHaveProperty('ath');
});

test('where the sign-in is too weak it is made stronger, and comes back to where one was', async () => {
  await come();
  answers['/admin/v1/users/ada'] = () => ({
    status: 401, body: { status: 401, code: 'insufficient_user_authentication' },
    headers: { 'WWW-Authenticate': 'DPoP error="insufficient_user_authentication", acr_values="mfa"' },
  });
  void call('PATCH', '/users/ada', { body: { name: 'A' } });
  await wait(() => left);
  expect(JSON.parse(to('/par').at(-1)!.body.get('claims')!)).toEqual({ id_token: { acr: { essential: true, values: ['mfa'] } } });
  expect(Object.values(sessionStorage).map((text) => JSON.parse(text as string).place)).toEqual(['/admin/people/ada?q=x']);
});

test('whoever comes back as weak as before is told, and not sent round and round', async () => {
  await come();
  const weak = {
    status: 401, body: { status: 401, code: 'insufficient_user_authentication', detail: 'sign in with acr_values=mfa' },
    headers: { 'WWW-Authenticate': 'DPoP error="insufficient_user_authentication", acr_values="mfa"' },
  };
  answers['/admin/v1/me'] = () => weak;
  void call('GET', '/me');
  await wait(() => left);
  const [state] = Object.keys(sessionStorage).map((key) => key.replace('admin ', ''));
  history.replaceState(null, '', `/admin/?code=c&state=${state}&iss=${encodeURIComponent(api)}`);
  left = undefined;
  await signIn.signIn(api);
  await expect(call('GET', '/me')).rejects.toMatchObject({ problem: { detail: 'sign in with acr_values=mfa' } });
  expect(left).toBe(undefined);
});

test.each([
  ['off', { '/.well-known/oauth-protected-resource/admin/v1': 'unreadable' }],
  ['unreachable', { '/.well-known/oauth-protected-resource/admin/v1': 'unreadable', '/.well-known/openid-configuration': 'unreadable' }],
  ['unregistered', { '/par': 'unreadable' }],
] as const)('nobody is sent away where it is %s', async (why, broken) => {
  for (const path of Object.keys(broken)) answers[path] = () => 'unreadable';
  expect(await code(signIn.signIn(api))).toBe(why);
  expect(left).toBe(undefined);
});

test('what the API says of a request that it refuses is passed on', async () => {
  answers['/par'] = () => ({ status: 400, body: { error: 'invalid_scope', error_description: 'the client has no scope admin.read' } });
  await expect(signIn.signIn(api)).rejects.toMatchObject({ code: 'refused', detail: 'the client has no scope admin.read' });
});
