import { proof, takeNonce } from './proof.ts';
import { NoWay, accessToken, forgetToken, leave, resource } from './sign-in.ts';

/** What the API says where it does not do what was asked (RFC 9457). */
export interface Problem {
  status: number;
  /** For programs; `unreachable` where there was no answer. */
  code: string;
  /** A sentence for people, in English, with what to do. */
  detail?: string;
  constraint?: string;
  request_id?: string;
  /** What the row is by now, where it was changed meanwhile. */
  current?: Record<string, unknown>;
}

/** The API's refusal. */
export class Refused extends Error {
  constructor(readonly problem: Problem) { super(problem.detail ?? problem.code); }
}

export interface Ask {
  query?: Record<string, string | number | boolean | undefined>;
  body?: unknown;
  /** Of the row as it was seen: the API refuses where it is another by now. */
  etag?: string;
  /** The same for each try of one press of a button. */
  once?: string;
  signal?: AbortSignal;
}
export interface Answered<T> { data: T; etag?: string }

/** Asks the admin API. Rejects with Refused; where the sign-in has to be stronger it leaves for that. */
export async function call<T>(method: string, path: string, ask: Ask = {}): Promise<Answered<T>> {
  const query = new URLSearchParams(Object.entries(ask.query ?? {}).filter(([, value]) => value !== undefined && value !== '')
    .map(([name, value]) => [name, String(value)]));
  const address = resource() + path + (query.size ? `?${query}` : '');
  for (let tries = 0; ; tries += 1) {
    const response = await send(method, address, ask);
    const stale = takeNonce(response);
    if (response.ok) {
      const data = response.status === 204 ? undefined : await response.json();
      return { data: data as T, etag: response.headers.get('ETag') ?? undefined };
    }
    const problem: Problem = await response.json().catch(() => ({ status: response.status, code: 'server_error' }));
    const challenge = response.headers.get('WWW-Authenticate') ?? '';
    const acr = /acr_values="([^"]+)"/.exec(challenge)?.[1];
    if (response.status === 401 && acr) return await leave(acr).catch((e) => { throw e instanceof NoWay ? new Refused(problem) : e; });
    if (response.status !== 401 || tries > 1) throw new Refused(problem);
    if (!stale || !/use_dpop_nonce/.test(challenge)) forgetToken();
  }
}

async function send(method: string, address: string, { body, etag, once, signal }: Ask): Promise<Response> {
  const token = await accessToken().catch((e) => {
    throw e instanceof NoWay ? new Refused({ status: 0, code: e.code === 'unreachable' ? e.code : 'signed_out', detail: e.detail }) : e;
  });
  const headers: Record<string, string> = { Authorization: `DPoP ${token}`, DPoP: await proof(method, address, token) };
  if (body !== undefined) headers['Content-Type'] = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
  if (etag) headers['If-Match'] = etag;
  if (once) headers['Idempotency-Key'] = once;
  try {
    const text = body === undefined ? undefined : JSON.stringify(body);
    return await fetch(address, { method, headers, body: text, signal, cache: 'no-store' });
  } catch (e) {
    if (signal?.aborted) throw e;
    throw new Refused({ status: 0, code: 'unreachable' });
  }
}

export const get = <T>(path: string, query?: Ask['query'], signal?: AbortSignal) => call<T>('GET', path, { query, signal });

/** A path of names, which may have any character. */
export const path = (...parts: string[]) => parts.map((part) => `/${encodeURIComponent(part)}`).join('');
