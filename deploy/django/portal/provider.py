"""What the site asks Gatehouse without a browser."""
import requests
from django.conf import settings
from django.core.cache import cache


class NotKnown(Exception):
    """The provider says that the person, or what he allowed this site, is gone."""


def ask(endpoint, **form):
    """Posts as the client, with its secret."""
    client = (settings.OIDC_RP_CLIENT_ID, settings.OIDC_RP_CLIENT_SECRET)
    return requests.post(endpoint, data=form, auth=client, timeout=settings.OIDC_TIMEOUT)


def refresh(refresh_token):
    """Gives the next refresh token, since each is good for one use. NotKnown is an answer; any other failure is none."""
    answer = ask(settings.OIDC_OP_TOKEN_ENDPOINT, grant_type="refresh_token", refresh_token=refresh_token)
    if answer.status_code == 400 and answer.json().get("error") == "invalid_grant":
        raise NotKnown
    answer.raise_for_status()
    return answer.json().get("refresh_token", refresh_token)


def introspect(token):
    """Gives what the provider says of a token now; {"active": False} for one that is not good."""
    if not token:
        return {"active": False}
    answer = ask(settings.OIDC_OP_INTROSPECTION_ENDPOINT, token=token)
    answer.raise_for_status()
    return answer.json()


def authentication_methods():
    """Gives Gatehouse's document of the ways to sign in, a minute old at most; the bare one while it does not answer."""
    document = cache.get("authentication-methods")
    if document is None:
        try:
            answer = requests.get(f"{settings.OIDC_OP_ISSUER}/authentication-methods", timeout=settings.OIDC_TIMEOUT)
            answer.raise_for_status()
            document = answer.json()
        except requests.RequestException:
            return {"name": "Gatehouse", "methods": [{"method": "password", "display_name": "Gatehouse"}]}
        cache.set("authentication-methods", document, 60)  # seconds
    return document
