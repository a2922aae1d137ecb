
# --- On one machine, behind nginx or Apache ---
c.JupyterHub.bind_url = "http://127.0.0.1:8000"
# The users of Gatehouse get accounts of this machine, of the same name, at their first sign-in.
c.JupyterHub.authenticator_class = "local-generic-oauth"
c.LocalAuthenticator.create_system_users = True
