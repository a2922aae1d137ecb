"""The addresses of the site. The redirect URI is /oidc/callback/ of each name that the site is reached by."""
from django.urls import include, path

from . import views

urlpatterns = [
    path("", views.home),
    path("info", views.info),
    path("api/me", views.me),
    path("oidc/", include("mozilla_django_oidc.urls")),
]
