"""A relying party made with Authlib: python authlib_client.py WHAT, with the settings as JSON in SETTINGS.

Where somebody has to sign in it prints {"open": ADDRESS} and reads the address of the answer. What it found out is its last line.
"""
import asyncio
import json
import os
import sys

import requests
from authlib.common.security import generate_token
from authlib.integrations.base_client import OAuthError
from authlib.integrations.flask_client import OAuth
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from authlib.oidc.core import CodeIDToken
from authlib.oidc.discovery import OpenIDProviderMetadata
from flask import Flask
from joserfc import jwt
from joserfc.errors import InvalidClaimError
from joserfc.jwk import KeySet

settings = json.loads(os.environ["SETTINGS"])
issuer, secret, redirect_uri = settings["issuer"], settings["secret"], settings["redirect_uri"]
metadata = OpenIDProviderMetadata(requests.get(f"{issuer}/.well-known/openid-configuration", timeout=10).json())
metadata.validate()
token_endpoint = metadata["token_endpoint"]
GRANT_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"


def answer_to(address):
    print(json.dumps({"open": address}), flush=True)
    return sys.stdin.readline().strip()


def session(client_id="web", client_secret=secret, **more):
    return OAuth2Session(client_id, client_secret, redirect_uri=redirect_uri, token_endpoint=token_endpoint,
                         code_challenge_method="S256", default_timeout=10, **more)


def begin(client):
    """Has somebody sign in; gives what fetch_token needs, and the nonce."""
    verifier, nonce = generate_token(48), generate_token()
    address, state = client.create_authorization_url(metadata["authorization_endpoint"], code_verifier=verifier, nonce=nonce)
    return {"authorization_response": answer_to(address), "state": state, "code_verifier": verifier}, nonce


def sign_in(client):
    answer, nonce = begin(client)
    return client.fetch_token(token_endpoint, **answer), nonce


def refusal(call, *args, **kwargs):
    """The error code with which a request is refused."""
    try:
        call(*args, **kwargs)
    except OAuthError as e:
        return e.error
    raise AssertionError("it is allowed")


def validated(token, **expected):
    """The claims of an ID token that is all that OpenID Connect Core §3.1.3.7 asks of it."""
    keys = KeySet.import_key_set(requests.get(metadata["jwks_uri"], timeout=10).json())
    decoded = jwt.decode(token["id_token"], keys, algorithms=["RS256"])
    params = {"access_token": token["access_token"], "client_id": "web", "max_age": 3600, **expected}
    claims = CodeIDToken(decoded.claims, decoded.header, params=params, options={
        "iss": {"essential": True, "value": issuer}, "aud": {"essential": True, "value": params["client_id"]},
        "nonce": {"essential": True}, "at_hash": {"essential": True}})
    claims.validate(leeway=10)
    return claims


def login():
    client = session(scope="openid profile email")
    token, nonce = sign_in(client)
    claims, refused = validated(token, nonce=nonce), []
    for other in ("nonce", "access_token", "client_id"):
        try:
            validated(token, **{"nonce": nonce, other: "other"})
        except InvalidClaimError as e:
            refused.append(e.claim)
    return {"claims": claims, "refused": refused, "userinfo": client.get(metadata["userinfo_endpoint"]).json()}


def refresh():
    """An access token that is about to expire is renewed on its own, and the application keeps the new ones."""
    kept = []
    client = session(scope="openid profile offline_access", update_token=lambda token, refresh_token: kept.append((token, refresh_token)))
    first, _ = sign_in(client)
    client.token = {**first, "expires_at": 1}
    name = client.get(metadata["userinfo_endpoint"]).json()["name"]
    [(second, replaced)] = kept
    third = client.refresh_token()
    return {"name": name, "replaced": replaced == first["refresh_token"], "update": kept[1][0] == third,
            "different": len({t[kind] for t in (first, second, third) for kind in ("access_token", "refresh_token")})}


def revoke():
    client = session(scope="openid profile offline_access")
    token, _ = sign_in(client)

    def active(kind):
        return client.introspect_token(metadata["introspection_endpoint"], token=token[kind], token_type_hint=kind).json()
    known = active("access_token")
    answer = client.revoke_token(metadata["revocation_endpoint"], token=token["refresh_token"], token_type_hint="refresh_token")
    return {"known": known, "status": answer.status_code, "after": [active("access_token"), active("refresh_token")],
            "userinfo": client.get(metadata["userinfo_endpoint"]).status_code, "refresh": refusal(client.refresh_token)}


def exchange():
    """The second client says who it is in the form, the first in the header."""
    token, _ = sign_in(session(scope="openid read"))
    service = session(token_endpoint_auth_method="client_secret_post")
    subject = {"grant_type": GRANT_EXCHANGE, "subject_token": token["access_token"], "subject_token_type": ACCESS_TOKEN}
    got = service.fetch_token(token_endpoint, audience=settings["audience"], **subject)
    seen = session("data").introspect_token(metadata["introspection_endpoint"], token=got["access_token"]).json()
    return {"type": got["issued_token_type"], "seen": seen,
            "elsewhere": refusal(service.fetch_token, token_endpoint, audience="https://other.example.org", **subject)}


def itself():
    client = session(scope="read")
    token = client.fetch_token(token_endpoint, grant_type="client_credentials")
    return {"scope": token["scope"],
            "seen": client.introspect_token(metadata["introspection_endpoint"], token=token["access_token"]).json(),
            "wrong": refusal(session(client_secret="wrong").fetch_token, token_endpoint, grant_type="client_credentials")}


async def with_key():
    """private_key_jwt at each endpoint, and all of it asynchronously."""
    kept = []

    async def keep(token, refresh_token):
        kept.append((token, refresh_token))
    method = PrivateKeyJWT.name
    async with AsyncOAuth2Client("with-key", settings["key"], token_endpoint_auth_method=method, revocation_endpoint_auth_method=method,
                                 redirect_uri=redirect_uri, token_endpoint=token_endpoint, code_challenge_method="S256",
                                 scope="openid profile offline_access", update_token=keep, timeout=10) as client:
        client.register_client_auth_method(PrivateKeyJWT(token_endpoint))
        answer, _ = begin(client)
        first = await client.fetch_token(token_endpoint, **answer)
        client.token = {**first, "expires_at": 1}
        name = (await client.get(metadata["userinfo_endpoint"])).json()["name"]
        [(second, _)] = kept
        known = await client.introspect_token(metadata["introspection_endpoint"], token=second["access_token"])
        revoked = await client.revoke_token(metadata["revocation_endpoint"], token=second["refresh_token"])
        after = await client.introspect_token(metadata["introspection_endpoint"], token=second["access_token"])
    return {"name": name, "known": known.json()["active"], "revoked": revoked.status_code, "after": after.json()}


def logout():
    """Flask's client finds everything by discovery, the key set and the address of the logout included."""
    app = OAuth(Flask("application")).register("gatehouse", client_id="web", client_secret=secret,
                                               server_metadata_url=f"{issuer}/.well-known/openid-configuration")
    client = session(scope="openid profile")
    token, nonce = sign_in(client)
    name = app.parse_id_token(token, nonce=nonce)["name"]
    address = app.create_logout_url(settings["bye"], id_token_hint=token["id_token"], state="s")
    return {"name": name, "arrived": answer_to(address["url"]), "userinfo": client.get(metadata["userinfo_endpoint"]).status_code}


tests = {f.__name__: f for f in (login, refresh, revoke, exchange, itself, with_key, logout)}
found = tests[sys.argv[1]]()
print(json.dumps(asyncio.run(found) if asyncio.iscoroutine(found) else found))
