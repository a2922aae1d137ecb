// Signs in without a browser, where a test is about tokens rather than pages.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';

/** Gets alice's tokens for a public first-party client. */
export async function tokensFor(stack, clientID, redirectURI, scope) {
  const verifier = randomBytes(32).toString('base64url');
  const query = new URLSearchParams({ response_type: 'code', client_id: clientID, redirect_uri: redirectURI, scope, state: 's',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'), code_challenge_method: 'S256' });
  const code = new URL(await signIn(stack, `${stack.issuer}/authorize?${query}`)).searchParams.get('code');
  const answer = await fetch(`${stack.issuer}/token`, { method: 'POST', body: new URLSearchParams({
    grant_type: 'authorization_code', code, redirect_uri: redirectURI, client_id: clientID, code_verifier: verifier }) });
  assert.equal(answer.status, 200);
  return answer.json();
}

/** Follows an address of the authorization endpoint to the relying party's, which it gives, with the demo user's password. */
export async function signIn(stack, address, username = 'alice', password = 'demo passphrase') {
  const begun = await fetch(address, { redirect: 'manual' });
  const page = new URL(begun.headers.get('location'));
  assert.equal(page.origin, stack.ui, page.href);
  const cookie = begun.headers.getSetCookie().map((c) => c.split(';')[0]).join('; ');
  const posted = await fetch(`${stack.issuer}/login`, { method: 'POST', redirect: 'manual', headers: { cookie, origin: stack.ui },
    body: new URLSearchParams({ request: page.searchParams.get('request'), username, password }) });
  assert.equal(posted.status, 303, await posted.text());
  const back = posted.headers.get('location');
  assert.ok(!back.startsWith(stack.ui), `the sign-in goes on at ${back.slice(0, 100)}`);
  return back;
}
