
# --- deploy/fastapi behind this Hub, at /services/fastapi. The Hub starts it, and again if it ends. ---
import os
import sys

# What people have in their address bar. The Hub's callback has it, too.
public_host = os.environ.get("PUBLIC_HOST") or c.GenericOAuthenticator.oauth_callback_url.removesuffix("/hub/oauth_callback")
c.JupyterHub.services = [{
    "name": "fastapi",
    "url": "http://127.0.0.1:8010",
    "cwd": "/opt/gatehouse",
    "command": [sys.executable, "-m", "uvicorn", "--app-dir", "deploy/fastapi", "service:app", "--port", "8010", "--no-access-log"],
    "environment": {"PUBLIC_HOST": public_host, "SWAGGER_UI": "node_modules/swagger-ui-dist"},
    "oauth_redirect_uri": public_host + "/services/fastapi/oauth_callback",
    "oauth_client_allowed_scopes": ["read:users:groups!user"],  # beside the person's name
    "oauth_no_confirm": True,
}]
c.JupyterHub.load_roles = [{"name": "user", "scopes": ["self", "access:services!service=fastapi"]}]
