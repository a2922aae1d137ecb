"""The pages of the site."""
from urllib.parse import urlencode

from django.conf import settings
from django.http import JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe
from mozilla_django_oidc.views import OIDCAuthenticationRequestView

from . import provider


class Authenticate(OIDCAuthenticationRequestView):
    """Goes to Gatehouse, and straight on to the provider of the button that was pressed."""

    def get_extra_params(self, request):
        hints = {name for m in provider.authentication_methods()["methods"] for name in m.get("authorization_params", {}).values()}
        hint = request.GET.get("idp_hint")
        return {**super().get_extra_params(request), **({"idp_hint": hint} if hint in hints else {})}


def login_url(method):
    """Gives the address of this site that a button leads to."""
    params = method.get("authorization_params")
    return reverse("oidc_authentication_init") + (f"?{urlencode(params)}" if params else "")


@require_safe
def info(request):
    """Says what a frontend has to know before anybody has signed in, such as which buttons to draw."""
    document = provider.authentication_methods()
    auth = {"oidc": {"name": document["name"], "login_url": reverse("oidc_authentication_init")}, "methods": []}
    for method in document["methods"]:
        if method["method"] in ("password", "upstream"):
            auth["methods"].append({"name": method["display_name"], "login_url": login_url(method)})
        elif method["method"] == "personal_access_token":
            auth["personal_access_token"] = {"name": method["display_name"], "url": method["url"]}
    user = request.user.first_name if request.user.is_authenticated else None
    return JsonResponse({"host": request.get_host(), "user": user, "auth": auth})


@require_safe
def home(request):
    return render(request, "portal/home.html")


@require_safe
def me(request):
    """Says who asks: a browser with a session, or a program with a personal access token."""
    if not request.user.is_authenticated:
        return JsonResponse({"error": "invalid_token"}, status=401, headers={"WWW-Authenticate": "Bearer"})
    identity = request.user.identity
    return JsonResponse({"iss": identity.issuer, "sub": identity.subject, "name": request.user.first_name, "email": request.user.email,
                         "email_verified": identity.email_verified})


def logout_url(request):
    """Gives the address at which the session at Gatehouse ends, too (RP-Initiated Logout §2)."""
    return settings.OIDC_OP_END_SESSION_ENDPOINT + "?" + urlencode({
        "id_token_hint": request.session.get("oidc_id_token", ""), "post_logout_redirect_uri": request.build_absolute_uri("/")})
