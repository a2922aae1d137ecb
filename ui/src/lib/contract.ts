/** What the API answers to GET /interaction: the page to show and everything that page says. */

import type { Options } from './passkey.ts';

/**
 * What it registered about itself: nothing of it is to be trusted, not even that an address is one. `unchecked` is one that no
 * administrator registered: its name stands nowhere without `uri`, where its metadata are or the answer goes, or the lack of one.
 */
export interface Client { name: string; uri?: string; logo_uri?: string; policy_uri?: string; tos_uri?: string; unchecked?: boolean }
export interface User { username: string; name?: string }
/**
 * `retry_after` is in seconds, from now; `upstream` is what the upstream that failed is called, or the workshop that ended; `times` is how
 * often in a row username and password did not go together; `ended_at` is when the account ended that it is about (RFC 3339).
 */
export interface Failure { code: string; retry_after?: number; upstream?: string; times?: number; ended_at?: string }
export interface Upstream { name: string; display_name: string; issuer?: string }
/** Where the person is signed in; `current` at this browser. Times are RFC 3339. */
export interface Session {
  id: string; current?: boolean; browser?: string; system?: string; addr?: string; auth_time: string; seen_at: string;
}
/** `synced` is one that may be on several devices. */
export interface Passkey { id: string; name: string; synced?: boolean; created_at: string; used_at?: string }
/** An application that the person may open at `href`. */
export interface Application extends Client { href: string }
/** `outcome` is signed_in, factor_proven or failed; without a client it was for the account page. */
export interface SignIn {
  id: string; at: string; outcome: string; why?: string; client?: Client; browser?: string; system?: string; addr?: string;
}
/** An application that may use data of the person. */
export interface Allowed {
  id: string; client: Client; scopes?: string[]; scope_words?: Record<string, string>; services?: string[]; since: string;
}
/** An account at an upstream; nothing else is left to sign in with beside the `last` one. */
export interface Linked {
  upstream: string; display_name: string; issuer?: string; account?: string; linked_at: string; used_at?: string; last?: boolean;
}
export interface About {
  name: string; given_name: string; family_name: string; locale: string; email?: string; email_verified?: boolean; groups?: string[];
  /** When the account ends, and memberships, by group (RFC 3339). */
  expires_at?: string; groups_until?: Record<string, string>;
}
/** A way to prove one more factor. */
export type Way = 'totp' | 'recovery_code' | 'passkey';
/** A personal access token as it is listed, without its value. */
export interface Token { id: string; name: string; scopes?: string[]; created_at: string; expires_at: string; used_at?: string }

/** `expires_in` is in how many seconds the API would no longer take the form. */
interface Always { request_id?: string; ui_locales?: string[]; expires_in?: number }
interface WithForm { request: string; action: string }

/** A page that the API may ask for: what its answer has, and the addresses that the page cannot do without. */
const page = <T>(...needed: string[]) => ({ needed } as { needed: string[]; answer?: Always & T });

/** The table of them; the one of the API, in provider/pages.go, is held to it by a test. */
const fromTheAPI = {
  /**
   * Without a client the person opens their own account. `link` is an upstream's account that nobody here has yet. `passkey` is for the
   * browser to ask with, `unknown_passkey` for it to forget.
   */
  login: page<WithForm & {
    client?: Client; username?: string; error?: Failure;
    upstreams?: Upstream[]; upstream_action?: string; cancel?: boolean; link?: { upstream: string; account: string };
    done?: string;
    /** A mail can be had. */
    forgot?: boolean;
    /** An account can be had. */
    sign_up?: boolean;
    /** Who signed in at this browser before, or is to sign in once more: it is their name that is filled in. */
    known?: User;
    passkey?: Options; unknown_passkey?: Options;
  }>('action'),
  /** `other`: it may be another account; so on the pages below. */
  select_account: page<WithForm & { client: Client; user: User; other?: boolean; cancel?: boolean }>('action'),
  /** The application, or a `service` that it wants to use, is not open to who is signed in; `cancel`: the application can be told so. */
  refused: page<WithForm & { client: Client; user: User; service?: string; other?: boolean; cancel?: boolean }>('action'),
  /** They pressed Cancel; the application has not been told. */
  not_signed_in: page<WithForm & { client: Client }>('action'),
  /**
   * With a user code it is a device that asks. `services` are what people call the services that access tokens will be for;
   * `scope_words` what the operator says of their scopes.
   */
  consent: page<WithForm & {
    client: Client; user: User; scopes?: string[]; scope_words?: Record<string, string>; services?: string[]; user_code?: string;
    other?: boolean;
  }>('action'),
  /** What has to be accepted first, by language; without a client they open their own account. */
  terms: page<WithForm & {
    client?: Client; user: User; version: string; titles: Record<string, string>; texts?: Record<string, string>;
    uris?: Record<string, string>; other?: boolean;
  }>('action'),
  /** Also the UI's own, at the address that a device shows. */
  device: page<{ action: string; user_code?: string; error?: Failure }>('action'),
  device_done: page<{ client: Client; allowed?: boolean }>(),
  /** `token` is there once, right after it was made; `revoked` is what the token was called that was revoked just now. */
  account: page<WithForm & {
    user: User; revoke_action: string; logout_action: string; scopes: string[]; days: number[]; tokens?: Token[];
    token?: { name: string; value: string }; revoked?: string; error?: Failure;
    sessions?: Session[]; end_session_action: string;
    password_action: string; password?: { changed_at: string; min: number }; done?: string;
    add_passkey_action: string; rename_passkey_action: string; remove_passkey_action: string;
    passkeys?: Passkey[]; passkey_options?: Options; accepted_passkeys?: Options;
    applications?: Application[]; sign_ins?: SignIn[]; allowed?: Allowed[]; withdraw_action: string;
    totp_action: string; totp?: { created_at: string; used_at?: string }; recovery_codes?: number;
    linked?: Linked[]; more?: Upstream[]; accounts_action: string; about?: About; profile_action: string; data_action: string;
    /** An address can be proven by a code, which was sent to `email_asked`. */
    email_action?: string; email_asked?: string;
    /** They may have had an account at a workshop, which can be made part of theirs. */
    adopt_action?: string;
  }>('action', 'revoke_action', 'logout_action', 'password_action', 'end_session_action',
    'withdraw_action', 'accounts_action', 'profile_action', 'data_action',
    'add_passkey_action', 'rename_passkey_action', 'remove_passkey_action', 'totp_action'),
  logout: page<WithForm & { client?: Client; user: User; error?: Failure }>('action'),
  signed_out: page<{ client?: Client; return_to?: string; error?: Failure }>(),
  /** Also the UI's own, at the address that `gatehouse user link` prints, which has the token. `error` says why it is no good. */
  link: page<{ action: string; token?: string; error?: Failure }>('action'),
  /** `method` is the one of the `ways` that it asks for. */
  factor: page<WithForm & {
    client?: Client; user: User; method: Way; ways: Way[]; cancel?: boolean; error?: Failure; passkey?: Options;
  }>('action'),
  /** `by` what more than a password is asked for, since when; `name` is that of a group or a service. */
  add_factor: page<WithForm & {
    client?: Client; user: User; by: 'group' | 'client' | 'resource' | 'request'; name?: string; since?: string;
    add: ('totp' | 'passkey')[]; cancel?: boolean; error?: Failure; passkey?: Options;
  }>('action'),
  /** `secret` is in base32; without one they have codes already. `uri` is what the QR code says. */
  totp: page<WithForm & {
    client?: Client; user: User; secret?: string; uri?: string; qr?: { size: number; path: string }; error?: Failure;
  }>('action'),
  /** `codes` are there once, right after they were made. */
  recovery_codes: page<WithForm & { client?: Client; user: User; codes?: string[]; error?: Failure }>('action'),
  /**
   * `code`: that of the mail comes first, and nothing else is asked. `new`: they may make an account; `have`: they may come with one, that
   * of `user` who is signed in or another. With `upstreams` they may make one that is linked; `link` is such an account, which only takes a
   * name yet.
   */
  accept_invitation: page<WithForm & {
    client?: Client; username: string; name: string; email?: string; groups: string[]; code?: boolean; new: boolean; have: boolean;
    user?: User; error?: Failure; upstreams?: Upstream[]; link?: { upstream: string; account: string };
  }>('action'),
  /** The code of a workshop. Also the UI's own, at the address of which the QR code has the code in its fragment: then `typed`. */
  join: page<{ action: string; code?: string; typed?: boolean; error?: Failure }>('action'),
  /** Names begin with `prefix`. `taken` is the one that was not free; then `username` is one that is. */
  join_name: page<WithForm & { workshop: string; prefix: string; username?: string; taken?: string; error?: Failure }>('action'),
  /** `mended`: the username is another than they typed. The account is there once they have the `phrase`, or a passkey. */
  join_phrase: page<WithForm & {
    workshop: string; user: User; mended?: boolean; phrase: string; error?: Failure; passkey?: Options;
  }>('action'),
  /** For the room to see: `state` is open, full, closed or ended. */
  projector: page<{
    workshop: string; state: 'open' | 'full' | 'closed' | 'ended'; code?: string; link?: string; qr?: { size: number; path: string };
    taken: number; seats: number; until: string;
  }>(),
  /** `min` is in characters; they `must` go on with it, for somebody else chose the one that they have. */
  new_password: page<WithForm & {
    user: User; min: number; must?: boolean; error?: Failure; passkey?: Options; passkey_only?: boolean;
  }>('action'),
  /** `sent`: a mail, if there is such a person; then it asks for the code in it. */
  forgot_password: page<WithForm & { client?: Client; username?: string; sent?: boolean; minutes: number; error?: Failure }>('action'),
  /** `approval`: somebody may have to say yes, so that it asks for more. `sent`: a mail, if the address may have an account. */
  sign_up: page<WithForm & {
    client?: Client; email?: string; name?: string; reason?: string; approval?: boolean; sent?: boolean; error?: Failure;
  }>('action'),
  /** Before the application, after a sign-in with a password. */
  offer_passkey: page<WithForm & { client?: Client; user: User; error?: Failure; passkey?: Options }>('action'),
  /** `retry` is the UI's own: the same question may get a better answer in a moment. */
  error: page<{ error: Failure; client?: Client; return_to?: string; try_again?: string; retry?: boolean }>(),
};

type Pages = { [P in keyof typeof fromTheAPI]: NonNullable<(typeof fromTheAPI)[P]['answer']> } & {
  /** The UI's own: nobody asked for anything. */
  start: Always;
};
export type PageName = keyof Pages;
export type Answer<P extends PageName = PageName> = { [K in P]: { page: K } & Pages[K] }[P];

/** Where the API sends people: /signed-out is the page signed_out. A slash at the end is forgiven, for some addresses are typed. */
export const isPath = (path: string) => ['', '/index.html', ...Object.keys(fromTheAPI).map((name) => `/${name.replaceAll('_', '-')}`)]
  .includes(path.replace(/\/$/, ''));

/** Nothing is there; whoever serves the pages has said so with its status. */
export const notFound: Answer<'error'> = { page: 'error', error: { code: 'not_found' } };

/** Whatever is called so is an address that something is posted or sent to. */
const isAddress = (name: string) => name === 'action' || name.endsWith('_action');

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
  if (!Object.hasOwn(fromTheAPI, page)) return { page: 'error', error: { code: 'server_error' }, request_id };
  const { needed } = fromTheAPI[page as keyof typeof fromTheAPI];
  const atTheAPI = (name: string) => typeof answer[name] === 'string' && answer[name].startsWith(`${api}/`);
  if (![...needed, ...Object.keys(answer).filter(isAddress)].every(atTheAPI)) {
    return { page: 'error', error: { code: 'action_refused' }, request_id };
  }
  return body as Answer;
}
