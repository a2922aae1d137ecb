"""Signs people in by issuer and subject."""
import hashlib

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from mozilla_django_oidc.auth import OIDCAuthenticationBackend

from .models import Identity


class Backend(OIDCAuthenticationBackend):
    """mozilla-django-oidc finds users by e-mail address, and checks neither iss nor aud: both are made good here."""

    def verify_token(self, token, **kwargs):
        """Refuses an ID token of another issuer or for another client (OpenID Connect Core §3.1.3.7)."""
        payload = super().verify_token(token, **kwargs)
        audience = payload.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        if payload.get("iss") != settings.OIDC_OP_ISSUER or settings.OIDC_RP_CLIENT_ID not in audiences:
            raise SuspiciousOperation("the ID token is of another issuer or for another client")
        return payload

    def get_token(self, payload):
        """Keeps the refresh token until the user is known."""
        tokens = super().get_token(payload)
        self.refresh_token = tokens.get("refresh_token", "")
        return tokens

    def get_userinfo(self, access_token, id_token, payload):
        """Refuses the claims of somebody else (OpenID Connect Core §5.3.2)."""
        claims = super().get_userinfo(access_token, id_token, payload)
        if claims.get("sub") != payload["sub"]:
            raise SuspiciousOperation("userinfo is about another subject")
        return {**claims, "iss": payload["iss"]}

    def verify_claims(self, claims):
        """Takes anybody whom Gatehouse lets in: who may use the site is in its row of clients (allowed_groups)."""
        return True

    def filter_users_by_claims(self, claims):
        """Finds the user of a subject."""
        return self.UserModel.objects.filter(identity__issuer=claims["iss"], identity__subject=claims["sub"])

    def create_user(self, claims):
        """Adds a user under a name that is never shown and never somebody else's."""
        return self.update_user(user_of(claims["iss"], claims["sub"]), claims)

    def update_user(self, user, claims):
        """Takes over what Gatehouse says today."""
        user.email, user.first_name = claims.get("email", ""), claims.get("name", "")
        user.save()
        Identity.objects.filter(user=user).update(
            email_verified=claims.get("email_verified", False), refresh_token=self.refresh_token, known=True)
        return user

    def get_user(self, user_id):
        """Ends the sessions of people whom check_users found gone."""
        return self.UserModel.objects.filter(pk=user_id, is_active=True, identity__known=True).first()


def user_of(issuer, subject):
    """Gives the user of a subject, a new one if need be."""
    from django.contrib.auth import get_user_model
    users = get_user_model().objects
    name = hashlib.sha256(f"{issuer}\0{subject}".encode()).hexdigest()[:32]
    user, _ = users.get_or_create(username=name)
    Identity.objects.get_or_create(user=user, defaults={"issuer": issuer, "subject": subject})
    return user
