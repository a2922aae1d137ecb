import { base64url, proof, random, sha256, takeNonce } from './proof.ts';
import { here } from './places.svelte.ts';

/**
 * These pages are a public client of the API: a code with PKCE (RFC 7636), tokens bound to a key (RFC 9449), for the admin API alone
 * (RFC 8707). Tokens are in this module and nowhere else; a reload gets new ones, without a page where a session is alive.
 */
export const clientID = 'gatehouse-admin';

export interface Person {
  username: string; name?: string; role?: 'administrator' | 'reader' | 'help desk' | 'owner';
  /** Whether they look after groups, whatever else they may. */
  owner?: boolean;
  /** Operations, such as "GET /users". */
  may?: string[];
}
interface Tokens { access: string; refresh?: string; id?: string; until: number }

/** What a sign-in can end with, other than tokens. */
export class NoWay extends Error {
  constructor(
    readonly code: 'off' | 'unregistered' | 'insecure' | 'unreachable' | 'refused' | 'stale' | 'forbidden', readonly detail = '',
  ) {
    super(code);
  }
}

let api = '';
let tokens: Tokens | undefined;
let renewal: Promise<Tokens | undefined> | undefined;
/** What the sign-in that one came back from was asked to reach: to ask for it again would lead round and round. */
let askedFor: string | undefined;

const redirectURI = () => `${location.origin}/admin/`;
export const resource = () => `${api}/admin/v1`;
const kept = (state: string) => `admin ${state}`;

/** Takes the code of the address, or leaves to get one: then it does not return. Rejects with NoWay. */
export async function signIn(issuer: string): Promise<Person> {
  api = issuer;
  if (!globalThis.crypto?.subtle) throw new NoWay('insecure');
  const back = new URLSearchParams(location.search);
  const state = back.get('state');
  if (!state || !(back.has('code') || back.has('error'))) return leave();
  const memory = sessionStorage.getItem(kept(state));
  sessionStorage.removeItem(kept(state));
  if (!memory) return leave(); // of another tab, or used before: nothing of it counts
  const { verifier, place, acr } = JSON.parse(memory) as { verifier: string; place: string; acr?: string };
  askedFor = acr;
  history.replaceState(null, '', place);
  here.read();
  if (back.get('iss') !== api) throw new NoWay('refused', 'iss'); // RFC 9207: somebody else's answer
  if (back.has('error')) throw new NoWay('refused', back.get('error_description') ?? back.get('error')!);
  const code = back.get('code')!;
  const got = await askToken({ grant_type: 'authorization_code', code, redirect_uri: redirectURI(), code_verifier: verifier });
  if (!got) throw new NoWay('stale');
  tokens = got;
  return personOf(got);
}

/**
 * Goes to sign in, to come back to this place; acr is what the sign-in has to reach (RFC 9470). It is essential (OpenID Connect Core
 * §5.5.1.1), so that who has no second factor is led to set one up. The promise never ends; it rejects with NoWay.
 */
export async function leave(acr?: string): Promise<never> {
  if (acr && acr === askedFor) throw new NoWay('refused', `acr_values=${acr}`);
  await checkThere();
  const [state, verifier] = [random(), random()];
  const challenge = base64url(await sha256(verifier));
  const request = new URLSearchParams({
    client_id: clientID, response_type: 'code', redirect_uri: redirectURI(), scope: 'openid profile admin.read admin.write',
    resource: resource(), state, code_challenge: challenge, code_challenge_method: 'S256',
    ...acr && { claims: JSON.stringify({ id_token: { acr: { essential: true, values: acr.split(' ') } } }) },
  });
  const pushed = await push(request);
  sessionStorage.setItem(kept(state), JSON.stringify({ verifier, acr, place: location.pathname + location.search }));
  location.assign(`${api}/authorize?${new URLSearchParams({ client_id: clientID, request_uri: pushed })}`);
  return new Promise(() => {});
}

/** Says that the admin API is off, or that nothing is there, before somebody is sent away to find out. */
async function checkThere(): Promise<void> {
  const there = (path: string) => fetch(api + path).then((response) => response.ok, () => false);
  if (await there('/.well-known/oauth-protected-resource/admin/v1')) return;
  throw new NoWay(await there('/.well-known/openid-configuration') ? 'off' : 'unreachable');
}

/**
 * Has the API look at the request beforehand (RFC 9126), so that it says here what is wrong with it. Only a client's own pages may read
 * the answer: where there is no such client, or it is at another address, the browser refuses it.
 */
async function push(request: URLSearchParams): Promise<string> {
  const response = await fetch(`${api}/par`, { method: 'POST', body: request }).catch(() => { throw new NoWay('unregistered'); });
  const { request_uri, error, error_description } = await response.json();
  if (response.ok) return request_uri;
  throw new NoWay(error === 'invalid_client' || error === 'unauthorized_client' ? 'unregistered' : 'refused', error_description ?? error);
}

/** Returns an access token that is good for another moment; leaves for one where there is no other way. */
export async function accessToken(): Promise<string> {
  if (tokens && tokens.until > Date.now() + 15_000) return tokens.access;
  renewal ??= renew().finally(() => { renewal = undefined; });
  tokens = await renewal;
  return tokens?.access ?? leave();
}

/** Has the next request get another token. */
export const forgetToken = () => { if (tokens) tokens.until = 0; };

async function renew(): Promise<Tokens | undefined> {
  if (!tokens?.refresh) return undefined;
  const next = await askToken({ grant_type: 'refresh_token', refresh_token: tokens.refresh });
  return next && { ...tokens, ...next };
}

/** Returns what the token endpoint gives, or undefined where it refuses. */
async function askToken(parameters: Record<string, string>, again = true): Promise<Tokens | undefined> {
  const address = `${api}/token`;
  const response = await fetch(address, {
    method: 'POST', headers: { DPoP: await proof('POST', address) },
    body: new URLSearchParams({ ...parameters, client_id: clientID, resource: resource() }),
  }).catch(() => { throw new NoWay('unreachable'); });
  const renewed = takeNonce(response);
  const answer = await response.json();
  if (renewed && answer.error === 'use_dpop_nonce' && again) return askToken(parameters, false);
  if (response.status >= 500) throw new NoWay('unreachable');
  if (!response.ok) return undefined;
  return {
    access: answer.access_token, until: Date.now() + answer.expires_in * 1000,
    ...answer.refresh_token && { refresh: answer.refresh_token }, ...answer.id_token && { id: answer.id_token },
  };
}

/** Whose ID token it is; that it came from the token endpoint, over TLS, is enough to believe it (OpenID Connect Core §3.1.3.7). */
function personOf({ id }: Tokens): Person {
  const text = atob(id!.split('.')[1]!.replaceAll('-', '+').replaceAll('_', '/'));
  const { preferred_username, name, sub } = JSON.parse(new TextDecoder().decode(Uint8Array.from(text, (c) => c.charCodeAt(0))));
  return { username: preferred_username ?? sub, name };
}
