from django.conf import settings
from django.db import migrations
from django.db.models.functions import Lower


def write_small(apps, schema_editor):
    people = apps.get_model('auth', 'User').objects
    people.exclude(email=Lower('email')).update(email=Lower('email'))


class Migration(migrations.Migration):
    """The sign-in looks for an address in small letters; older rows have it as it was typed."""

    dependencies = [
        ('access', '0009_budget_refusal_told'),
        ('auth', '0012_alter_user_first_name_max_length'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [migrations.RunPython(write_small, migrations.RunPython.noop)]
