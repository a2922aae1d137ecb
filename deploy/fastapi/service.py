"""A service for people who sign in with Gatehouse, and its Swagger UI. It runs in one of two ways:

behind JupyterHub   with the Hub's own OAuth and tokens; the Hub starts it (jupyterhub_service.py) and sets JUPYTERHUB_…
by itself           with Gatehouse's access tokens; wants ISSUER, AUDIENCE and CLIENT_ID in its environment

Swagger UI comes from the npm package swagger-ui-dist, in the folder SWAGGER_UI: nothing is loaded from a CDN.
"""
import json
import os
import re
from typing import Annotated

import httpx
import jwt
from fastapi import APIRouter, Depends, FastAPI, Form, HTTPException
from fastapi.openapi.docs import get_swagger_ui_html, get_swagger_ui_oauth2_redirect_html
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.security import APIKeyQuery, OAuth2AuthorizationCodeBearer
from fastapi.staticfiles import StaticFiles

env = os.environ
behind_hub = "JUPYTERHUB_SERVICE_PREFIX" in env
http = httpx.Client(timeout=10)  # seconds

if behind_hub:
    prefix, client_id = env["JUPYTERHUB_SERVICE_PREFIX"].rstrip("/"), env["JUPYTERHUB_CLIENT_ID"]
    public_host = env["PUBLIC_HOST"].rstrip("/")  # as in people's address bar: scheme, name and port
    callback = env["JUPYTERHUB_OAUTH_CALLBACK_URL"]
    authorization_url = f"{public_host}{env['JUPYTERHUB_BASE_URL']}hub/api/oauth2/authorize"
    token_url, who_url = f"{prefix}/token", f"{env['JUPYTERHUB_API_URL']}/user"
    scopes: dict[str, str] = {}  # the Hub gives what jupyterhub_service.py allows
else:
    issuer, audience, client_id = env["ISSUER"].rstrip("/"), env["AUDIENCE"], env["CLIENT_ID"]
    try:
        metadata = http.get(f"{issuer}/.well-known/openid-configuration").raise_for_status().json()
    except httpx.HTTPError as e:
        raise SystemExit(f"ISSUER {issuer} does not answer: {e}") from None
    if metadata["issuer"] != issuer:
        raise SystemExit(f"ISSUER is {issuer}, but it calls itself {metadata['issuer']}: they must be equal")
    prefix, callback = "", "/oauth2-redirect"
    authorization_url, token_url, who_url = (metadata[f"{name}_endpoint"] for name in ("authorization", "token", "userinfo"))
    scopes = {"openid": "who you are", "profile": "your name", "email": "your address", "groups": "your groups"}
    # Kept for five minutes. A token of a key that is not among them makes it look again, at most twice a minute.
    keys = jwt.PyJWKClient(metadata["jwks_uri"], timeout=10)

in_header = OAuth2AuthorizationCodeBearer(authorization_url, token_url, scopes=scopes, auto_error=False)
# As the Hub's API has it. Gatehouse's tokens never travel in an address (RFC 6750 §2.3), where logs would keep them.
in_query = APIKeyQuery(name="token", auto_error=False) if behind_hub else lambda: None


def refused(status: int, detail: str, error: str = "", **more: str) -> HTTPException:
    """RFC 6750 §3: the challenge names the error only if a token was there, in a few characters of ASCII."""
    detail = re.sub(r"[^ !#-\[\]-~]", "'", detail)[:200]
    attributes = {"error": error, "error_description": detail, **more} if error else {}
    challenge = "Bearer " + ", ".join(f'{name}="{value}"' for name, value in {"realm": prefix or "service", **attributes}.items())
    return HTTPException(status, detail, {"WWW-Authenticate": challenge})


def get_token(header: Annotated[str | None, Depends(in_header)], query: Annotated[str | None, Depends(in_query)]) -> str:
    if token := header or query:
        return token
    raise refused(401, "an access token is needed")


def ask(token: str = Depends(get_token)) -> dict:
    """Whose token it is, as the Hub or Gatehouse says right now: somebody who was disabled is refused from then on."""
    try:
        answer = http.get(who_url, headers={"Authorization": f"Bearer {token}"})
    except httpx.HTTPError:
        answer = None
    if answer is None or answer.status_code >= 500:
        raise HTTPException(503, f"{'the Hub' if behind_hub else 'Gatehouse'} does not answer: try again in a moment")
    if answer.status_code != 200:
        raise refused(401, "the token is expired, revoked or unknown", "invalid_token")
    return answer.json()


def of_hub(person: dict = Depends(ask)) -> dict:
    """The Hub knows tokens for many services, so the person's must be good for this one."""
    if not set(json.loads(env["JUPYTERHUB_OAUTH_ACCESS_SCOPES"])) & set(person["scopes"]):
        raise refused(403, "the token is not for this service", "insufficient_scope")
    return person


def of_gatehouse(token: str = Depends(get_token)) -> dict:
    """The claims of an access token (RFC 9068 §4), without a question to anyone: good until it expires, 15 minutes at most."""
    try:
        if str(jwt.get_unverified_header(token).get("typ")).lower().removeprefix("application/") != "at+jwt":
            raise jwt.InvalidTokenError("not an access token")  # an ID token, for example
        return jwt.decode(token, keys.get_signing_key_from_jwt(token), ["ES256", "RS256", "EdDSA"], issuer=issuer, audience=audience,
                          leeway=5, options={"require": ["iss", "aud", "sub", "exp", "iat", "client_id"]})
    except jwt.PyJWKClientConnectionError:
        raise HTTPException(503, "Gatehouse does not answer: try again in a moment") from None
    except jwt.PyJWTError as e:
        raise refused(401, str(e), "invalid_token") from None


caller = of_hub if behind_hub else of_gatehouse


def with_scope(scope: str):
    def check(claims: dict = Depends(caller)) -> dict:
        if not behind_hub and scope not in claims.get("scope", "").split():
            raise refused(403, f"the token lacks the scope {scope}", "insufficient_scope", scope=scope)
        return claims
    return check


def in_group(group: str):
    def check(claims: dict = Depends(with_scope("groups"))) -> dict:
        if group not in claims.get("groups", []):
            raise HTTPException(403, f"only for members of {group}")
        return claims
    return check


api = APIRouter(prefix=prefix)


@api.get("/")
def everybody() -> dict:
    return {"hello": "world"}


@api.get("/me", dependencies=[Depends(caller)])
def me(person: dict = Depends(ask)) -> dict:
    return person


@api.get("/groups")
def groups(claims: dict = Depends(with_scope("groups"))) -> list[str]:
    return claims.get("groups", [])


@api.get("/admins", dependencies=[Depends(in_group("hub-admins"))])
def admins() -> dict:
    return {"hello": "administrator"}


@api.get("/docs", include_in_schema=False)
def docs() -> HTMLResponse:
    page = get_swagger_ui_html(
        title="A service", openapi_url=app.openapi_url, oauth2_redirect_url=callback, swagger_favicon_url=f"{prefix}/ui/favicon-32x32.png",
        swagger_js_url=f"{prefix}/ui/swagger-ui-bundle.js", swagger_css_url=f"{prefix}/ui/swagger-ui.css",
        init_oauth={"clientId": client_id, "scopes": " ".join(scopes), "usePkceWithAuthorizationCodeGrant": True})
    if not behind_hub:
        return page
    warning = json.dumps(f"PUBLIC_HOST is {public_host}, but this page is at ")
    return HTMLResponse(page.body.decode().replace("</body>", f"""<script>
    if (location.origin !== {json.dumps(public_host)}) {{
        document.body.prepend(Object.assign(document.createElement("h1"), {{
            role: "alert", textContent: {warning} + location.origin + ": Authorize cannot work until they are equal."}}));
    }}
    </script></body>"""))


@api.get(callback.removeprefix(prefix), include_in_schema=False)
def swagger_redirect() -> HTMLResponse:
    """The popup ends here and hands the code to Swagger UI, its window.opener."""
    return get_swagger_ui_oauth2_redirect_html()


def hub_token(code: Annotated[str, Form()], code_verifier: Annotated[str, Form()] = "") -> JSONResponse:
    """Swagger UI brings the code here, because the Hub wants this service's secret with it."""
    answer = http.post(f"{env['JUPYTERHUB_API_URL']}/oauth2/token", data={
        "grant_type": "authorization_code", "code": code, "code_verifier": code_verifier, "redirect_uri": public_host + callback,
        "client_id": client_id, "client_secret": env["JUPYTERHUB_API_TOKEN"]})
    return JSONResponse(answer.json(), answer.status_code, {"Cache-Control": "no-store"})


if behind_hub:
    api.post("/token", include_in_schema=False)(hub_token)

app = FastAPI(title="A service", docs_url=None, redoc_url=None, openapi_url=f"{prefix}/openapi.json")
app.include_router(api)
app.mount(f"{prefix}/ui", StaticFiles(directory=env.get("SWAGGER_UI", "node_modules/swagger-ui-dist")))
