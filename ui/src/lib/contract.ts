/** What the API answers to GET /interaction: the page to show and everything that page says. */

/** What it registered about itself: nothing of it is to be trusted, not even that an address is one. */
export interface Client { name: string; uri?: string; logo_uri?: string; policy_uri?: string; tos_uri?: string }
export interface User { username: string; name?: string }
/** `retry_after` is in seconds; `upstream` is what the upstream that failed is called. */
export interface Failure { code: string; retry_after?: number; upstream?: string }
export interface Upstream { name: string; display_name: string }
/** A personal access token as it is listed, without its value; times are RFC 3339. */
export interface Token { id: string; name: string; scopes?: string[]; created_at: string; expires_at: string; used_at?: string }

interface Always { request_id?: string; ui_locales?: string[] }
interface WithForm { request: string; action: string }

interface Pages {
  /** Without a client the person opens their own account. `link` is an upstream's account that nobody here has yet. */
  login: Always & WithForm & {
    client?: Client; username?: string; error?: Failure;
    upstreams?: Upstream[]; upstream_action?: string; cancel?: boolean; link?: { upstream: string; account: string };
  };
  /** With a user code it is a device that asks. */
  consent: Always & WithForm & { client: Client; user: User; scopes?: string[]; user_code?: string };
  logout: Always & WithForm & { client?: Client; user: User };
  signed_out: Always & { client?: Client; return_to?: string };
  /** Also the UI's own, at the address that a device shows. */
  device: Always & { action: string; user_code?: string; error?: Failure };
  device_done: Always & { client: Client; allowed?: boolean };
  /** `token` is there once, right after it was made. */
  account: Always & WithForm & {
    user: User; revoke_action: string; logout_action: string; scopes: string[]; days: number[]; tokens?: Token[];
    token?: { name: string; value: string }; error?: Failure;
  };
  /** `retry` is the UI's own: the same question may get a better answer in a moment. */
  error: Always & { error: Failure; client?: Client; return_to?: string; try_again?: string; retry?: boolean };
  /** The UI's own: nobody asked for anything. */
  start: Always;
}

export type PageName = keyof Pages;
export type Answer<P extends PageName = PageName> = { [K in P]: { page: K } & Pages[K] }[P];

/** The pages that the API may ask for, each with the addresses that it cannot do without. */
const fromTheAPI: Partial<Record<string, string[]>> = {
  login: ['action'],
  consent: ['action'],
  device: ['action'],
  device_done: [],
  account: ['action', 'revoke_action', 'logout_action'],
  logout: ['action'],
  signed_out: [],
  error: [],
} satisfies Omit<Record<PageName, string[]>, 'start'>;
const addresses = ['action', 'upstream_action', 'revoke_action', 'logout_action'];

/** No answer, or none that can be read. A new one each time, so that the page tells it from the one before. */
export const unreachable = (): Answer<'error'> => ({ page: 'error', error: { code: 'temporarily_unavailable' }, retry: true });

/**
 * Reads the body of an answer. A form is shown only if it posts to the API that the configuration names: whatever the
 * answer says, a password or a token goes nowhere else.
 */
export function readAnswer(body: unknown, api: string): Answer {
  const answer = body as Record<string, unknown> | null;
  const page = answer?.page;
  if (!answer || typeof page !== 'string') return unreachable();
  const request_id = typeof answer.request_id === 'string' ? answer.request_id : undefined;
  const needed = Object.hasOwn(fromTheAPI, page) && fromTheAPI[page];
  if (!needed) return { page: 'error', error: { code: 'server_error' }, request_id };
  const atTheAPI = (name: string) => typeof answer[name] === 'string' && answer[name].startsWith(`${api}/`);
  if (!addresses.every((name) => atTheAPI(name) || answer[name] === undefined && !needed.includes(name))) {
    return { page: 'error', error: { code: 'action_refused' }, request_id };
  }
  return body as Answer;
}
