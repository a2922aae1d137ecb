"""Sign in to Gatehouse from where there is no browser: a notebook, VS Code or a terminal (device flow, RFC 8628).

    from gatehouse_device import sign_in
    token = sign_in("https://api.example.org", "notebook")

shows a link and a code, waits until somebody has opened the link, signed in and compared the code, and gives a token:
`token.access_token` is for an Authorization header. It stays in this process: nothing that the notebook or a terminal shows,
and nothing that is saved, has it. As a program it prints the access token, but never on a terminal:
TOKEN=$(python3 gatehouse_device.py ISSUER CLIENT_ID).

The standard library is all it needs. A private certificate authority: SSL_CERT_FILE=/path/to/ca.pem.
"""

import base64
import html
import http.client
import json
import ssl
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

GRANT = "urn:ietf:params:oauth:grant-type:device_code"
LONGEST_ANSWER = 1 << 20  # bytes
PATIENCE = 20  # seconds for one answer


class SignInError(Exception):
    """Why there is no token, in a sentence: a notebook shows that alone, for a traceback may show variables."""

    def _render_traceback_(self):
        return [str(self)]


def sign_in(issuer, client_id, scope="openid profile email"):
    """Waits until a person has allowed it, and gives a Token. With offline_access in scope it can be refreshed."""
    screen = _Notebook() if _in_notebook() else _Terminal()
    try:
        server = _Server(issuer, client_id)
        device = _ask(server, scope, screen)
        token = Token(server, _wait(server, device, screen))
        screen.show("Signed in as " + token.username + ".")
        return token
    except KeyboardInterrupt:
        problem = SignInError("Stopped. Nobody has signed in here; run this again for a new code.")
    except SignInError as e:
        problem = e
    screen.show("Not signed in.")
    raise problem from None


class Token:
    """An access token that does not show itself."""

    __slots__ = ("_server", "_access", "_refresh", "_expires", "username")

    def __init__(self, server, answer):
        self._server, self._refresh = server, None
        self._take(answer)
        claims = _claims(answer.get("id_token", ""))
        self.username = claims.get("preferred_username") or claims.get("sub") or "somebody"

    def _take(self, answer):
        self._access = answer["access_token"]
        self._refresh = answer.get("refresh_token", self._refresh)
        self._expires = time.time() + answer.get("expires_in", 300)

    @property
    def access_token(self):
        """For `Authorization: Bearer …`; a new one if the last one ends within half a minute."""
        if time.time() > self._expires - 30 and self._refresh:
            self.refresh()
        if time.time() > self._expires:
            raise SignInError('The token has expired: run sign_in again, or add offline_access to its scope.')
        return self._access

    def refresh(self):
        """Gets a new access token without asking anybody; needs the scope offline_access."""
        if not self._refresh:
            raise SignInError("This token cannot be refreshed: sign in with offline_access in the scope.")
        status, answer = self._server.post("token_endpoint", grant_type="refresh_token", refresh_token=self._refresh)
        if "access_token" not in answer:
            raise SignInError("The token was not refreshed, so sign in again: " + _why(status, answer))
        self._take(answer)

    def revoke(self):
        """Signs out: neither token is good any more."""
        self._server.post("revocation_endpoint", token=self._refresh or self._access)
        self._access, self._refresh, self._expires = None, None, 0

    def __repr__(self):
        minutes = max(0, int((self._expires - time.time()) / 60))
        return "<token of " + self.username + ", hidden, good for " + str(minutes) + " minutes>"

    def __reduce_ex__(self, _):
        raise TypeError("a token is not saved: sign in again")


class _Server:
    def __init__(self, issuer, client_id):
        self.client_id = client_id
        issuer = issuer.rstrip("/")
        local = urllib.parse.urlsplit(issuer).hostname in ("localhost", "127.0.0.1", "::1")
        if not issuer.startswith("https://") and not (local and issuer.startswith("http://")):
            raise SignInError("The issuer must be an https:// address, not " + issuer)
        status, self.metadata = _fetch(issuer + "/.well-known/openid-configuration")
        if status != 200 or self.metadata.get("issuer") != issuer:  # RFC 8414 §3.3
            raise SignInError(issuer + " is no issuer: its discovery document names " + str(self.metadata.get("issuer")))
        if "device_authorization_endpoint" not in self.metadata:
            raise SignInError(issuer + " has no device flow")

    def post(self, endpoint, **form):
        return _fetch(self.metadata[endpoint], urllib.parse.urlencode({"client_id": self.client_id, **form}).encode())


class _Unreachable(SignInError):
    pass


def _fetch(url, body=None):
    """The status and the JSON of an answer, errors included (RFC 6749 §5.2)."""
    request = urllib.request.Request(url, body, {"Accept": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.status, _object(answer)
    except urllib.error.HTTPError as e:
        wait = e.headers.get("Retry-After", "")
        return e.code, {**_object(e), "retry_after": int(wait) if wait.isdigit() else 0}
    except (OSError, http.client.HTTPException) as e:
        reason = getattr(e, "reason", e)
        if isinstance(reason, ssl.SSLCertVerificationError):
            raise SignInError("The certificate of " + urllib.parse.urlsplit(url).netloc + " is not trusted (" + reason.verify_message +
                              "). If a certificate authority of your own signed it: SSL_CERT_FILE=/path/to/ca.pem") from None
        raise _Unreachable("No answer from " + urllib.parse.urlsplit(url).netloc + ": " + str(reason)) from None


def _object(answer):
    try:
        parsed = json.loads(answer.read(LONGEST_ANSWER))
    except ValueError:
        parsed = None
    return parsed if isinstance(parsed, dict) else {}


def _ask(server, scope, screen):
    """The device authorization request (§3.1); where too many wait just now, so does this."""
    for _ in range(20):  # some minutes
        status, answer = server.post("device_authorization_endpoint", scope=scope)
        if "device_code" in answer and "user_code" in answer:
            return answer
        if status not in (429, 503):
            break
        screen.show("Many people are signing in just now; this tries again by itself.")
        time.sleep(answer["retry_after"] or 5)
    raise SignInError("There is no code to sign in with: " + _why(status, answer))


def _wait(server, device, screen):
    """Polls the token endpoint until somebody has answered (§3.4, §3.5)."""
    seconds, interval = device.get("expires_in", 600), device.get("interval", 5)
    ends, pause = time.monotonic() + seconds, interval
    while True:
        next_poll = time.monotonic() + pause
        while time.monotonic() < next_poll:
            left = ends - time.monotonic()
            if left <= 0:
                raise SignInError("The code has expired before anybody answered; run this again for a new one.")
            screen.ask(device, left, seconds)
            time.sleep(min(1, left, max(0, next_poll - time.monotonic())))
        try:
            status, answer = server.post("token_endpoint", grant_type=GRANT, device_code=device["device_code"])
        except _Unreachable:
            pause = min(60, pause * 2)  # §3.5: exponentially, and perhaps the network comes back
            continue
        error = answer.get("error")
        if "access_token" in answer:
            return answer
        if error == "slow_down":
            interval += 5
        elif error == "access_denied":
            raise SignInError("The person who opened the link did not allow it.")
        elif error == "expired_token":
            raise SignInError("The code has expired before anybody answered; run this again for a new one.")
        elif error != "authorization_pending" and status < 500:
            raise SignInError("The sign-in failed: " + _why(status, answer))
        pause = max(interval, answer.get("retry_after", 0))


def _why(status, answer):
    return answer.get("error", "status " + str(status)) + (", " + answer["error_description"] if "error_description" in answer else "")


def _claims(id_token):
    """Of an ID token that came straight from the issuer over TLS (OpenID Connect Core §3.1.3.7, 6)."""
    parts = id_token.split(".")
    return json.loads(base64.urlsafe_b64decode(parts[1] + "==")) if len(parts) == 3 else {}


def _in_notebook():
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return getattr(shell, "kernel", None) is not None  # not IPython in a terminal


def _address(device):
    """Only addresses: a link must not run anything in the notebook."""
    address = device.get("verification_uri_complete") or device.get("verification_uri", "")
    if not address.startswith(("https://", "http://")):
        raise SignInError("The server names no page to sign in at")
    return address


class _Notebook:
    """One output of the cell, which changes. When it is over, neither link nor code is left in the notebook."""

    output = None

    def ask(self, device, left, seconds):
        link, code, clock = html.escape(_address(device)), html.escape(device["user_code"]), _clock(left)
        self._display("To sign in: " + _address(device) + "  code " + device["user_code"] + "  " + clock + " left", f"""
            <div style="max-width: 42em; line-height: 1.6">
              <a href="{link}" target="_blank" rel="noopener noreferrer"><b>Sign in in another tab</b></a>,
              and allow it there if that page shows this code:
              <div style="font: 600 1.6em monospace; letter-spacing: .1em; margin: .3em 0">{code}</div>
              <progress max="{int(seconds)}" value="{int(left)}" style="width: 100%" aria-label="Time left"></progress>
              <div role="timer">Waiting for you, {clock} left. To stop: interrupt the kernel.</div>
            </div>""")

    def show(self, text):
        self._display(text, "<div>" + html.escape(text) + "</div>")

    def _display(self, plain, rich):
        from IPython.display import display
        bundle = {"text/plain": plain, "text/html": rich}
        if self.output:
            self.output.update(bundle, raw=True)
        else:
            self.output = display(bundle, raw=True, display_id=True)


class _Terminal:
    """Lines on standard error; the last one moves if somebody looks at it."""

    told = False

    def ask(self, device, left, seconds):
        if not self.told:
            self.told = True
            print("To sign in, open\n\n    " + _address(device) + "\n\nand allow it there if that page shows this code:\n\n    " +
                  device["user_code"] + "\n", file=sys.stderr)
        if sys.stderr.isatty():
            done = int(20 * left / seconds)
            line = "\r[" + "#" * done + " " * (20 - done) + "] " + _clock(left) + " left, Ctrl-C stops "
            print(line, end="", file=sys.stderr, flush=True)

    def show(self, text):
        print(("\r\033[K" if sys.stderr.isatty() else "") + text, file=sys.stderr, flush=True)


def _clock(left):
    return f"{int(left) // 60}:{int(left) % 60:02}"


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit("usage: gatehouse_device.py ISSUER CLIENT_ID [SCOPE]")
    try:
        signed_in = sign_in(*sys.argv[1:])
    except SignInError as problem:
        sys.exit(str(problem))
    if not sys.stdout.isatty():
        print(signed_in.access_token)
