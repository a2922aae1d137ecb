"""JupyterHub with TokenExchangeAuthenticator, as its README configures it: docs/recipes/token-exchange.md.

Wants in its environment: ISSUER (Gatehouse's API) and PUBLIC_HOST (the Hub), as in people's address bar, OAUTH_CLIENT_ID and
OAUTH_CLIENT_SECRET as `gatehouse client add` printed them, and JUPYTERHUB_CRYPT_KEY (openssl rand -hex 32).
Your own settings (spawner, proxy, TLS) may stand before or after these lines.
"""
import os
from urllib.parse import urlencode

c = get_config()  # noqa: F821
issuer, hub = os.environ["ISSUER"].rstrip("/"), os.environ["PUBLIC_HOST"].rstrip("/")

c.JupyterHub.authenticator_class = "tokenexchangeauthenticator.TokenExchangeAuthenticator"
c.TokenExchangeAuthenticator.oidc_issuer = issuer
c.TokenExchangeAuthenticator.oauth_callback_url = hub + "/hub/oauth_callback"
c.TokenExchangeAuthenticator.username_key = "preferred_username"
c.TokenExchangeAuthenticator.userdata_params = {"state": "state", "kc_idp_hint": "google"}
# Everybody whom Gatehouse lets sign in here may use the Hub; clients.allowed_groups narrows that.
c.TokenExchangeAuthenticator.allow_all = True

# The package reads the first RSA key of Gatehouse once, when the Hub starts. It would turn everybody out when that key is replaced. Tokens
# come straight from Gatehouse, over TLS, which vouches for them as a signature does (OpenID Connect Core §3.1.3.7, step 6).
c.TokenExchangeAuthenticator.verify_signature = False

# offline_access brings the refresh token; prompt=consent makes Google give out a new one at each sign-in.
c.TokenExchangeAuthenticator.scope = ["openid", "email", "offline_access"]
c.TokenExchangeAuthenticator.extra_authorize_params = {"prompt": "consent"}

# The names of rows in upstreams that clients.allowed_upstreams has, too, and where notebooks find the tokens: below /hub.
c.TokenExchangeAuthenticator.exchange_tokens = ["google"]
c.TokenExchangeAuthenticator.local_user_exposed_path = "/my-custom-path/userinfo"

# The README says logout_redirect_uri; oauthenticator, which does the logout, calls it so.
c.TokenExchangeAuthenticator.logout_redirect_url = issuer + "/logout?" + urlencode(
    {"client_id": os.environ["OAUTH_CLIENT_ID"], "post_logout_redirect_uri": hub + "/hub/login"})
