"""A Django site whose users sign in with Gatehouse. What differs from place to place comes from the environment:

ISSUER, CLIENT_ID, CLIENT_SECRET   of the client as it is registered at Gatehouse
HOSTS          the names that the site is reached by, separated by commas (localhost,127.0.0.1)
STATE          folder of the database and of the secret key (.state beside this package)
USE_PKCE       0 turns PKCE off; the client's row must then say require_pkce = false
BEHIND_PROXY   1 where a web server speaks https and sets X-Forwarded-Proto
RENEW_SECONDS  how long a session goes on before Gatehouse is asked again whether the person is signed in (900)
"""
import os
from pathlib import Path

import requests
from django.core.management.utils import get_random_secret_key

env = os.environ
for name in ("ISSUER", "CLIENT_ID", "CLIENT_SECRET"):
    if not env.get(name):
        raise SystemExit(f"{name} is not set: see docs/recipes/django.md")

BASE_DIR = Path(__file__).resolve().parent.parent
STATE = Path(env.get("STATE", BASE_DIR / ".state"))
STATE.mkdir(mode=0o700, parents=True, exist_ok=True)
OIDC_TIMEOUT = 10  # seconds
OIDC_OP_ISSUER = env["ISSUER"].rstrip("/")
try:
    answer = requests.get(f"{OIDC_OP_ISSUER}/.well-known/openid-configuration", timeout=OIDC_TIMEOUT)
    answer.raise_for_status()
    metadata = answer.json()
except requests.RequestException as e:
    raise SystemExit(f"ISSUER {OIDC_OP_ISSUER} does not answer: {e}") from None
if metadata["issuer"] != OIDC_OP_ISSUER:
    raise SystemExit(f"ISSUER is {OIDC_OP_ISSUER}, but it calls itself {metadata['issuer']}: they must be equal")


def secret_key():
    """Gives the key that signs sessions, made at the first start."""
    path = STATE / "secret_key"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(get_random_secret_key())
    return path.read_text()


SECRET_KEY = secret_key()
ALLOWED_HOSTS = env.get("HOSTS", "localhost,127.0.0.1").split(",")
BEHIND_PROXY = env.get("BEHIND_PROXY") == "1"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BEHIND_PROXY
ROOT_URLCONF = "portal.urls"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": STATE / "db.sqlite3"}}
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True, "OPTIONS": {
    "context_processors": ["django.template.context_processors.request", "django.contrib.auth.context_processors.auth"]}}]
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "mozilla_django_oidc", "portal"]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "mozilla_django_oidc.middleware.SessionRefresh",  # asks Gatehouse again with prompt=none
    "portal.middleware.PersonalAccessTokens",
]
LOGGING = {"version": 1, "handlers": {"console": {"class": "logging.StreamHandler"}},
           "loggers": {"portal": {"handlers": ["console"], "level": "INFO"}, "mozilla_django_oidc": {"handlers": ["console"]},
                       "django": {"handlers": ["console"], "level": "INFO"},
                       "django.server": {"level": "WARNING"}}}  # its lines have codes in them

AUTHENTICATION_BACKENDS = ["portal.backend.Backend"]
LOGIN_REDIRECT_URL = LOGIN_REDIRECT_URL_FAILURE = LOGOUT_REDIRECT_URL = "/"

OIDC_RP_CLIENT_ID = env["CLIENT_ID"]
OIDC_RP_CLIENT_SECRET = env["CLIENT_SECRET"]
OIDC_RP_SIGN_ALGO = "ES256"
OIDC_RP_SCOPES = "openid offline_access email"
OIDC_USE_PKCE = env.get("USE_PKCE", "1") == "1"
OIDC_AUTHENTICATE_CLASS = "portal.views.Authenticate"
OIDC_RENEW_ID_TOKEN_EXPIRY_SECONDS = int(env.get("RENEW_SECONDS", "900"))
OIDC_EXEMPT_URLS = ["/info", "/api/me"]  # programs ask for these, and cannot follow a redirect to a login page
OIDC_STORE_ID_TOKEN = True  # id_token_hint of the logout
OIDC_OP_LOGOUT_URL_METHOD = "portal.views.logout_url"
OIDC_OP_AUTHORIZATION_ENDPOINT = metadata["authorization_endpoint"]
OIDC_OP_TOKEN_ENDPOINT = metadata["token_endpoint"]
OIDC_OP_USER_ENDPOINT = metadata["userinfo_endpoint"]
OIDC_OP_JWKS_ENDPOINT = metadata["jwks_uri"]
OIDC_OP_INTROSPECTION_ENDPOINT = metadata["introspection_endpoint"]
OIDC_OP_END_SESSION_ENDPOINT = metadata["end_session_endpoint"]
