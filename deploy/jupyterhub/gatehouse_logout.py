def backchannel_logout(issuer, ended=None):
    """Make the handler that signs people out of the Hub when they sign out of Gatehouse, or are shut out there.

    OpenID Connect Back-Channel Logout 1.0: Gatehouse posts a logout token, and this signs the person out of the Hub and of the
    JupyterLabs that are open, in every browser. Servers run on, unless the token says that the account has ended (OpenID RISC
    Profile 1.0): then ended(handler, name, reason) is awaited, which returns whether all is done. For JupyterHub 5 and 6 with an
    OAuthenticator that keeps auth_state.
    Everything is inside this function, so that no later line of the configuration can change a name that it uses.
    """
    import asyncio
    import re
    import time
    from urllib.parse import parse_qs

    import jwt
    from jupyterhub import crypto, orm
    from jupyterhub.handlers import BaseHandler
    from sqlalchemy import LargeBinary, func
    from tornado.web import stream_request_body

    event = "http://schemas.openid.net/event/backchannel-logout"
    ends = {
        "https://schemas.openid.net/secevent/risc/event-type/account-disabled": "disabled",
        "https://schemas.openid.net/secevent/risc/event-type/account-purged": "deleted",
    }
    algorithms = {"RS256", "PS256", "ES256", "EdDSA"}
    most_bytes = 32 * 1024
    keys_age, keys_pause = 300, 10  # seconds: how old the keys may be, and how soon they are asked for again

    class Refused(Exception):
        """The token is not one that Gatehouse meant for this Hub, now: trying again would not help."""

    class Keys:
        """The public keys of the issuer by kid, fetched as the authenticator fetches (http_request_kwargs)."""

        def __init__(self):
            self.by_kid, self.fetched, self.asked, self.lock = {}, -keys_age, -keys_pause, asyncio.Lock()

        async def get(self, kid, authenticator):
            async with self.lock:
                now = time.monotonic()
                if kid not in self.by_kid or now - self.fetched > keys_age:
                    if now - self.asked < keys_pause:
                        raise ConnectionError("the signing keys were asked for a moment ago")
                    self.asked = now
                    document = await authenticator.httpfetch(
                        f"{issuer}/jwks", label="fetching the signing keys", request_timeout=5,
                        validate_cert=authenticator.validate_server_cert)
                    self.by_kid, self.fetched = {key["kid"]: key for key in document["keys"]}, now
            return self.by_kid.get(kid)

    keys = Keys()
    seen = {}  # jti → exp of tokens that were accepted
    subjects = {}  # user id → start of the encrypted auth_state, which is another each time it is saved, and the subject in it

    async def verify(token, authenticator):
        """Give the claims of a logout token (§2.6)."""
        try:
            header = jwt.get_unverified_header(token)
            if not re.fullmatch("(application/)?logout[+]jwt", str(header.get("typ")), re.IGNORECASE):
                raise Refused("typ is not logout+jwt")
            key = await keys.get(str(header.get("kid")), authenticator)
            if not key or key.get("alg") not in algorithms:
                raise Refused("no key of Gatehouse has this kid")
            claims = jwt.decode(
                token, jwt.PyJWK(key).key, algorithms=[key["alg"]], issuer=issuer, audience=authenticator.client_id, leeway=30,
                options={"require": ["iss", "aud", "iat", "exp", "jti", "sub", "events"]})
        except jwt.PyJWTError as e:
            raise Refused(str(e)) from e
        events, now = claims["events"], time.time()
        if not isinstance(events, dict) or not isinstance(events.get(event), dict):
            raise Refused("events does not say that it is a logout")
        if not all(isinstance(claims[end], dict) for end in ends if end in claims):
            raise Refused("the end of the account is no object")
        if "nonce" in claims:
            raise Refused("nonce is there")
        for jti in [jti for jti, expiry in seen.items() if expiry < now - 60]:
            del seen[jti]
        if claims["jti"] in seen:
            raise Refused("jti was seen before")
        seen[claims["jti"]] = claims["exp"]
        return claims

    def reason_in(claims):
        """Give the reason for which the account has ended, None if it has not."""
        for end, reason in ends.items():
            if end in claims:
                said = str(claims[end].get("reason"))
                return said if re.fullmatch("[a-z_]{1,40}", said) and said != "None" else reason
        return None

    async def users_with(db, subject, auth_state_key, log):
        """Give the users with this subject in their auth_state. It is encrypted, so only what has changed since is read again."""
        state = orm.User.encrypted_auth_state
        starts = dict(db.query(orm.User.id, func.substr(state, 1, 48, type_=LargeBinary)).filter(state.is_not(None)).all())
        for gone in subjects.keys() - starts.keys():
            del subjects[gone]
        for user_id, start in starts.items():
            if subjects.get(user_id, (None,))[0] == start:
                continue
            encrypted = db.query(state).filter(orm.User.id == user_id).scalar()
            try:
                found = (await crypto.decrypt(encrypted))[auth_state_key]["sub"]
            except Exception as e:  # kept under another key, or of another authenticator
                log.warning("Back-channel logout: no subject in the auth_state of user %i: %r", user_id, e)
                found = None
            subjects[user_id] = (start, found)
        wanted = [user_id for user_id, (_, found) in subjects.items() if found == subject]
        return db.query(orm.User).filter(orm.User.id.in_(wanted)).all()

    def sign_out(db, user):
        """End the Hub's cookie in every browser, and the tokens that JupyterLab and services hold in cookies."""
        user.cookie_id = orm.new_token()
        for token in db.query(orm.APIToken).filter(orm.APIToken.user_id == user.id, orm.APIToken.session_id.is_not(None)):
            db.delete(token)
        for code in db.query(orm.OAuthCode).filter(orm.OAuthCode.user_id == user.id):
            db.delete(code)
        db.commit()

    @stream_request_body
    class BackchannelLogoutHandler(BaseHandler):
        """POST {hub}/backchannel_logout: the token is the proof, so no cookie is read and no XSRF token asked for."""

        async def prepare(self):
            self._jupyterhub_user, self.body = None, b""
            self.request.connection.set_max_body_size(most_bytes)

        def check_xsrf_cookie(self):
            pass

        def data_received(self, chunk):
            self.body += chunk

        def logout_token(self):
            try:
                tokens = parse_qs(self.body.decode("ascii"), max_num_fields=10).get("logout_token", [])
            except ValueError as e:
                raise Refused("the body is not a form") from e
            if len(tokens) != 1:
                raise Refused("there must be one logout_token")
            return tokens[0]

        def answer(self, status, error=None, description=""):
            self.set_status(status)
            self.set_header("Cache-Control", "no-store")
            self.set_header("Content-Type", "application/json")
            self.finish({"error": error, "error_description": description} if error else {})

        async def post(self):
            try:
                claims = await verify(self.logout_token(), self.authenticator)
            except Refused as e:
                self.log.warning("Back-channel logout refused: %s", e)
                return self.answer(400, "invalid_request", str(e))
            except Exception as e:  # Gatehouse tries again
                self.log.warning("Back-channel logout: cannot verify now: %r", e)
                return self.answer(503, "temporarily_unavailable")
            reason, done = reason_in(claims), True
            for user in await users_with(self.db, claims["sub"], self.authenticator.user_auth_state_key, self.log):
                name = user.name
                sign_out(self.db, user)
                self.log.info("Back-channel logout: %s is signed out of the Hub", name)
                if reason and ended:
                    done = await ended(self, name, reason) and done
            if not done:  # Gatehouse tries again
                return self.answer(503, "temporarily_unavailable", "servers are still stopping")
            self.answer(200)

    return BackchannelLogoutHandler
