/** Rows of the API as these pages read them; openapi.json has all of each. */
export interface User {
  username: string;
  sub: string;
  name?: string;
  given_name?: string;
  family_name?: string;
  email?: string;
  email_verified: boolean;
  groups: string[];
  must_change_password: boolean;
  has_password: boolean;
  password_changed_at: string;
  disabled_at?: string;
  created_at: string;
  updated_at: string;
  last_sign_in_at?: string;
}
