/** Rows of the API as these pages read them; openapi.json has all of each. */
export interface Page<T> { items: T[]; next?: string }
export interface User {
  username: string;
  sub: string;
  name?: string;
  groups: string[];
  must_change_password: boolean;
  has_password: boolean;
  disabled_at?: string;
  created_at: string;
  updated_at: string;
  last_sign_in_at?: string;
}
export interface Session {
  sid: string; addr: string; amr: string[]; auth_time: string; seen_at: string; expires_at: string; user_agent: string;
}
export interface Factors { passkeys: number; recovery_codes: number; totp_since?: string; totp_used_at?: string }
export interface Consent { client_id: string; client_name: string; scopes: string[]; resources?: string[]; since: string }
export interface Token {
  id: string; name: string; scope: string; created_at: string; expires_at: string; used_at?: string; revoked_at?: string;
}
export interface LinkedAccount { upstream: string; issuer: string; sub: string; label: string; linked_at: string; used_at?: string }
export interface SignIn {
  id: string; at: string; username: string; client_id?: string; outcome: string; why?: string; amr?: string[]; addr?: string;
  user_agent?: string; request_id: string;
}
export interface Group {
  name: string; description?: string; mfa: boolean; mfa_from?: string; managed_by?: string; created_at: string;
}
export interface Invitation {
  id: string; email?: string; username?: string; name?: string; groups?: string[]; uses_left: number; used: number; client_id?: string;
  created_by: string; created_at: string; expires_at: string;
}
export interface Client {
  client_id: string;
  client_name?: string;
  allowed_groups?: string[];
  redirect_uris?: string[];
  disabled_at?: string;
  first_party?: boolean;
  registration?: string;
  managed_by?: string;
}
export interface Upstream {
  name: string; display_name?: string; kind: string; issuer?: string; accounts: number; disabled_at?: string; managed_by?: string;
}
export interface Resource { identifier: string; name?: string; open_to: string; disabled_at?: string; managed_by?: string }
export interface SignInCount {
  at: string; signed_in: number; failed: number; throttled: number; median_ms?: number; p99_ms?: number;
}
export interface Member { username: string; name?: string; until?: string }
export interface Workshop {
  name: string; code: string; seats: number; seats_left: number; until: string; code_closed_at?: string; link?: string; projector?: string;
}
export interface Learner { username: string; name?: string; state: 'active' | 'kept' | 'adopted' | 'removed' | 'ended' | 'deleted' }
