# What ipython-oidc-client needs of the classic notebook; ./start reads it.
import os

c.NotebookApp.notebook_dir = os.path.dirname(os.path.abspath(__file__))

# The page that the sign-in comes back to: /redirect.html.
c.NotebookApp.nbserver_extensions = {"ipython_oidc_client.server": True}

# Host and port are part of the redirect URI, which is compared character for character: so no other port if this one is taken,
# and no base_url, since the extension has only the origin in it.
c.NotebookApp.ip = "localhost"
c.NotebookApp.port = 8888
c.NotebookApp.port_retries = 0
