/** What the API answers to GET /interaction: the page to show and everything that page says. */

export interface Client { name: string; uri?: string }
export interface User { username: string; name?: string }
export interface Failure { code: string; retry_after?: number }

interface Always { request_id?: string; ui_locales?: string[] }
interface WithForm { request: string; action: string }

interface Pages {
  login: Always & WithForm & { client: Client; username?: string; error?: Failure };
  consent: Always & WithForm & { client: Client; user: User; scopes: string[] };
  logout: Always & WithForm & { client?: Client; user: User };
  signed_out: Always & { client?: Client; return_to?: string };
  /** `retry` is the UI's own: the same question may get a better answer in a moment. */
  error: Always & { error: Failure; client?: Client; return_to?: string; try_again?: string; retry?: boolean };
  /** The UI's own: nobody asked for anything. */
  start: Always;
}

export type PageName = keyof Pages;
export type Answer<P extends PageName = PageName> = { [K in P]: { page: K } & Pages[K] }[P];

const fromTheAPI: string[] = ['login', 'consent', 'logout', 'signed_out', 'error'] satisfies PageName[];
const withForm: string[] = ['login', 'consent', 'logout'] satisfies PageName[];

/** No answer, or none that can be read. A new one each time, so that the page tells it from the one before. */
export const unreachable = (): Answer<'error'> => ({ page: 'error', error: { code: 'temporarily_unavailable' }, retry: true });

/**
 * Reads the body of an answer. A form is shown only if it posts to the API that the configuration names: whatever the
 * answer says, a password goes nowhere else.
 */
export function readAnswer(body: unknown, api: string): Answer {
  const answer = body as Record<string, unknown> | null;
  const page = answer?.page;
  if (!answer || typeof page !== 'string') return unreachable();
  const request_id = typeof answer.request_id === 'string' ? answer.request_id : undefined;
  if (!fromTheAPI.includes(page)) return { page: 'error', error: { code: 'server_error' }, request_id };
  if (withForm.includes(page) && !(typeof answer.action === 'string' && answer.action.startsWith(`${api}/`))) {
    return { page: 'error', error: { code: 'action_refused' }, request_id };
  }
  return body as Answer;
}
