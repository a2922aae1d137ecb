"""Lets programs in with a personal access token of Gatehouse."""
import logging

import requests
from django.conf import settings
from django.http import JsonResponse

from . import provider
from .backend import user_of

log = logging.getLogger(__name__)


class PersonalAccessTokens:
    """Below /api/, Authorization: Bearer stands in place of a session. Gatehouse is asked about the token each time, so one that was
    revoked, or whose user was disabled, is refused at the next request."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if request.path.startswith("/api/") and scheme.lower() == "bearer":
            try:
                said = provider.introspect(token.strip())
            except requests.RequestException as e:
                log.error("Gatehouse does not say whether a token is good: %s", e)
                return JsonResponse({"error": "temporarily_unavailable"}, status=503, headers={"Retry-After": "5"})
            if not acceptable(said):
                return refuse("invalid_token")
            user = user_of(settings.OIDC_OP_ISSUER, said["sub"])
            if not user.is_active:
                return refuse("invalid_token")
            request.user, request.csrf_processing_done = user, True  # no cookie is believed, so no other site can use it
        return self.get_response(request)


def acceptable(said):
    """A personal access token has no client_id: an access token was given to another application, and is not for this one."""
    return bool(said.get("active")) and said.get("iss") == settings.OIDC_OP_ISSUER and "client_id" not in said \
        and "openid" in said.get("scope", "").split()


def refuse(error):
    """Answers as RFC 6750 §3 has it."""
    return JsonResponse({"error": error}, status=401, headers={"WWW-Authenticate": f'Bearer error="{error}"'})
