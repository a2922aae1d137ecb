def stop_servers(c):
    """Make what stops the servers of people whose accounts have ended in Gatehouse, and says whose home is to be archived.

    It is a service of the Hub that has no page and no process: a token, made anew at each start, with a role that may see which servers
    somebody has, and stop them. What it does is in the log of the Hub.
    """
    import json
    import secrets
    from urllib.parse import quote

    from jupyterhub.utils import url_path_join
    from tornado.httpclient import AsyncHTTPClient, HTTPClientError

    name, token, patience = "gatehouse-ends", secrets.token_hex(32), 2  # seconds for an answer: Gatehouse waits for five
    c.JupyterHub.services.append({"name": name, "api_token": token, "display": False})
    c.JupyterHub.load_roles.append({
        "name": name, "description": "Stops the servers of people whose accounts have ended in Gatehouse",
        "scopes": ["read:users:name", "read:servers", "delete:servers"], "services": [name]})

    async def ask(handler, method, *path):
        url = url_path_join(handler.hub.api_url, "users", *(quote(part, safe="") for part in path))
        return await AsyncHTTPClient().fetch(
            url, method=method, headers={"Authorization": f"token {token}"}, connect_timeout=patience, request_timeout=patience)

    async def ended(handler, user, reason):
        """Return whether the servers of a person are stopped: one may take longer than anybody waits."""
        try:
            servers = json.loads((await ask(handler, "GET", user)).body)["servers"]
        except HTTPClientError as e:
            if e.code == 404:  # the Hub has no such person any more
                return True
            handler.log.error("The account of %s has ended in Gatehouse (%s); what runs is not known: %s", user, reason, e)
            return False
        except Exception as e:
            handler.log.error("The account of %s has ended in Gatehouse (%s); what runs is not known: %r", user, reason, e)
            return False
        stopped = True
        for server in servers:
            try:
                answer = await ask(handler, "DELETE", user, *(["servers", server] if server else ["server"]))
                stopped = answer.code == 204 and stopped  # 202: it is still stopping
            except Exception as e:
                stopped = False
                if getattr(e, "code", None) != 599:  # which is a stop that takes its time, and goes on
                    handler.log.warning("The account of %s has ended in Gatehouse (%s); server %r: %s", user, reason, server, e)
        if stopped:
            handler.log.info("The account of %s has ended in Gatehouse (%s): no server of theirs runs, and the home of %s can be archived",
                             user, reason, user)
        return stopped

    return ended
