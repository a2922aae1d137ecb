"""Asks Gatehouse whether it still knows the users."""
import time

import requests
from django.core.management.base import BaseCommand

from portal import provider
from portal.models import Identity


class Command(BaseCommand):
    """Uses each user's refresh token once. Whoever is gone is signed out at the next request; a Gatehouse that does not answer signs
    nobody out."""

    help = "Signs out the users whom Gatehouse no longer knows."

    def add_arguments(self, parser):
        parser.add_argument("--every", type=int, metavar="SECONDS", help="go on, with a pause of so long")

    def handle(self, *args, every=None, **options):
        self.check()
        while every:
            time.sleep(every)
            self.check()

    def check(self):
        for identity in Identity.objects.filter(known=True).exclude(refresh_token="").select_related("user"):
            mine = Identity.objects.filter(pk=identity.pk, refresh_token=identity.refresh_token)  # unless they have signed in since
            try:
                mine.update(refresh_token=provider.refresh(identity.refresh_token))
                self.stdout.write(f"{identity.subject} is still known")
            except provider.NotKnown:
                mine.update(refresh_token="", known=False)
                self.stdout.write(f"{identity.subject} is gone")
            except requests.RequestException as e:
                self.stderr.write(f"{identity.subject} could not be checked: {e}")
