package web

import "strings"

// checkSessionScript answers what a page of a client asks: "client_id session_state" (OpenID Connect Session Management 1.0 §3.1, §3.2).
// It calculates what oidc.SessionState does, with the origin of whoever asks, who must have the origin of the page around the frame.
// Browsers that do not tell of that page leave it to the origin in the sum. What is no question fails, which is an error; without the
// cookie nothing is unchanged.
const checkSessionScript = `'use strict';
addEventListener('message', async (e) => {
  const around = location.ancestorOrigins?.[0] ?? (document.referrer && new URL(document.referrer).origin);
  if (e.origin === 'null' || around && around !== 'null' && e.origin !== around) return;
  e.source.postMessage(await answer(e.data, e.origin).catch(() => 'error'), e.origin);
});
async function answer(asked, origin) {
  const [, client, sum, salt] = /^([ -~]{1,255}) ([\w-]{43})\.([\w-]{1,64})$/.exec(typeof asked === 'string' ? asked : '');
  const state = document.cookie.split('; ').find((pair) => pair.startsWith('COOKIE='))?.slice('COOKIE='.length);
  const bytes = new TextEncoder().encode([client, origin, state, salt].join(' '));
  const now = String.fromCharCode(...new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
  return btoa(now).replaceAll('+', '-').replaceAll('/', '_').replace('=', '') === sum ? 'unchanged' : 'changed';
}`

// fixedPage is the same for everybody; its policy allows its script and no other.
type fixedPage struct {
	html   []byte
	policy string
}

// checkSessionPage is the page at check_session_iframe, made once. Any client frames it, so it has no frame-ancestors.
func checkSessionPage(cookie string) fixedPage {
	script := strings.ReplaceAll(checkSessionScript, "COOKIE", cookie)
	return fixedPage{
		html: []byte("<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>Session</title>\n<script>" + script +
			"</script></html>\n"),
		policy: "default-src 'none'; script-src " + hashOf(script),
	}
}
