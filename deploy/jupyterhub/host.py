
# --- On one machine, behind nginx or Apache ---
import grp
import os
import pwd

from tornado.web import HTTPError

c.JupyterHub.bind_url = "http://127.0.0.1:8000"
# The users of Gatehouse get accounts of this machine, of the same name, at their first sign-in, and these are in a group of their own. Any
# other account, such as postgres or yours, is nobody's here, whatever people are called elsewhere. To let ada have one that is there
# already: usermod --append --groups jupyterhub-users ada
HUB_GROUP = "jupyterhub-users"
c.JupyterHub.authenticator_class = "local-generic-oauth"
c.LocalAuthenticator.create_system_users = True
c.LocalAuthenticator.add_user_cmd = ["useradd", "--create-home", "--shell", "/bin/bash", "--groups", HUB_GROUP]


def refuse_other_accounts(authenticator, handler, authentication):
    name = authentication["name"]
    try:
        account = pwd.getpwnam(name)
    except KeyError:  # the Hub makes it
        return authentication
    if grp.getgrnam(HUB_GROUP).gr_gid not in os.getgrouplist(name, account.pw_gid):
        authenticator.log.warning("The account %s of this machine is not in the group %s", name, HUB_GROUP)
        raise HTTPError(403, "This machine has an account of that name, which is not yours. Ask whoever runs this Hub.")
    return authentication


c.Authenticator.post_auth_hook = refuse_other_accounts
