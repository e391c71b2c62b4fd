"""manage.py first_admin: on a portal without an administrator, make one and print how to sign in."""

import secrets

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Create the user admin with a random password, unless there is an administrator already."

    def handle(self, *_args: object, **_options: object) -> None:
        known = User.objects.filter(is_superuser=True, is_active=True).order_by("pk").first()
        if known is not None:
            self.stdout.write(f"Sign in as {known.get_username()} (forgotten? python manage.py changepassword {known.get_username()})")
            return
        password = secrets.token_urlsafe(9)
        User.objects.create_superuser("admin", password=password)
        self.stdout.write(f"Sign in as admin with the password {password}")
