"""A web application that signs people in with Gatehouse: Flask and Authlib.

ISSUER=https://api.example.org CLIENT_ID=… CLIENT_SECRET=… BASE_URL=https://app.example.org SECRET_KEY=… flask run
"""
import os
from urllib.parse import urlencode

from authlib.integrations.base_client import OAuthError
from authlib.integrations.flask_client import OAuth
from flask import Flask, redirect, render_template_string, session
from joserfc.errors import JoseError

env = os.environ
base = env["BASE_URL"]
app = Flask(__name__)
app.secret_key = env["SECRET_KEY"]  # signs the cookie that is the session; anything long and random
app.config.update(SESSION_COOKIE_SAMESITE="Lax", SESSION_COOKIE_SECURE=base.startswith("https:"))

gatehouse = OAuth(app).register(
    "gatehouse",
    server_metadata_url=env["ISSUER"] + "/.well-known/openid-configuration",
    client_id=env["CLIENT_ID"],
    client_secret=env["CLIENT_SECRET"],
    client_kwargs={"scope": "openid profile email groups", "code_challenge_method": "S256"},
)


@app.get("/")
def home():
    return render_template_string("""
        {% if person %}<p>Hello {{ person.name }}, in {{ person.groups | join(", ") or "no group" }}</p><a href="/logout">Sign out</a>
        {% else %}<a href="/login">Sign in</a>{% endif %}""", person=session.get("person"))


@app.get("/login")
def login():
    return gatehouse.authorize_redirect(base + "/callback")


@app.get("/callback")
def callback():
    token = gatehouse.authorize_access_token()  # checks state, issuer, nonce, audience and signature
    session["person"] = {name: token["userinfo"][name] for name in ("sub", "name", "groups")}
    session["id_token"] = token["id_token"]
    return redirect("/")


@app.get("/logout")
def logout():
    query = {"post_logout_redirect_uri": base + "/", "client_id": gatehouse.client_id}
    if hint := session.get("id_token"):
        query["id_token_hint"] = hint
    session.clear()
    return redirect(f"{gatehouse.load_server_metadata()['end_session_endpoint']}?{urlencode(query)}")


@app.errorhandler(OAuthError)
@app.errorhandler(JoseError)
def refused(e):
    app.logger.error("%s: %s", e.error, e.description)
    return "The sign-in failed: the log says why.", 400
