"""Who a user is at the provider."""
from django.conf import settings
from django.db import models


class Identity(models.Model):
    """Issuer and subject name a person for good; names and e-mail addresses change hands."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="identity")
    issuer = models.TextField()
    subject = models.CharField(max_length=255)
    email_verified = models.BooleanField(default=False)
    refresh_token = models.TextField(blank=True)  # worth nothing without the client's secret
    known = models.BooleanField(default=True)  # False once the provider has said that it no longer knows the person

    class Meta:
        constraints = [models.UniqueConstraint(fields=["issuer", "subject"], name="one_user_for_a_subject")]
