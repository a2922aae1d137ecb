
# --- What only a developer's machine needs; everything above is as `gatehouse client add` printed it. ---
import os

env, state = os.environ, os.environ["HUB_STATE"]
c.JupyterHub.bind_url = env["HUB_URL"]
c.JupyterHub.hub_bind_url = env["HUB_API_URL"]
c.JupyterHub.db_url = f"sqlite:///{state}/jupyterhub.sqlite"
c.JupyterHub.cookie_secret_file = f"{state}/cookie_secret"
c.ConfigurableHTTPProxy.command = ["node", env["HUB_PROXY"]]
c.ConfigurableHTTPProxy.api_url = env["HUB_PROXY_API_URL"]
c.ConfigurableHTTPProxy.pid_file = f"{state}/proxy.pid"

# Every user's server runs as whoever ran `npm start`, in a folder of its own: for a demo, never for strangers.
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = state + "/home/{username}"
c.Spawner.default_url = "/lab"
c.Spawner.args.extend(["--allow-root"] if os.geteuid() == 0 else [])
c.Spawner.start_timeout = c.Spawner.http_timeout = 120
