def back_to_login():
    """Lead whoever did not sign in, or may not use this Hub, back to its login page.

    Gatehouse tells the Hub (RFC 6749 §4.1.2.1: access_denied), and oauthenticator shows an error from which no button leads on.
    """
    from jupyterhub.utils import url_path_join
    from oauthenticator.generic import GenericOAuthenticator

    class CallbackHandler(GenericOAuthenticator.callback_handler):
        async def get(self):
            if self.get_argument("error", "") == "access_denied":
                return self.redirect(url_path_join(self.hub.base_url, "login"))
            await super().get()

    GenericOAuthenticator.callback_handler = CallbackHandler
