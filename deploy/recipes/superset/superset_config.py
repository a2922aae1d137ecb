"""Sign-in with Gatehouse for Superset: add this to superset_config.py, with your names."""

import os

from flask_appbuilder.security.manager import AUTH_OAUTH
from superset.security import SupersetSecurityManager

ISSUER = "https://api.example.org"


class GatehouseSecurityManager(SupersetSecurityManager):
    def get_oauth_user_info(self, provider, response=None):
        person = response["userinfo"]  # the claims of the ID token, which Authlib has verified
        return {
            "username": person["preferred_username"],
            "first_name": person.get("given_name", ""),
            "last_name": person.get("family_name", ""),
            "email": person.get("email", ""),
            "role_keys": person["superset_roles"],
        }


CUSTOM_SECURITY_MANAGER = GatehouseSecurityManager
AUTH_TYPE = AUTH_OAUTH
OAUTH_PROVIDERS = [
    {
        "name": "gatehouse",
        "icon": "fa-key",
        "token_key": "access_token",
        "remote_app": {
            "client_id": "superset",
            "client_secret": os.environ["OIDC_CLIENT_SECRET"],
            "server_metadata_url": ISSUER + "/.well-known/openid-configuration",
            "client_kwargs": {"scope": "openid profile email", "code_challenge_method": "S256"},
        },
    }
]

# The rows of client_claims have the names of Superset's roles. They count at each sign-in; whoever has none gets in as nobody.
AUTH_ROLES_MAPPING = {role: [role] for role in ("Admin", "Alpha", "Gamma", "sql_lab")}
AUTH_ROLES_SYNC_AT_LOGIN = True
AUTH_USER_REGISTRATION = True
AUTH_USER_REGISTRATION_ROLE = "Public"
