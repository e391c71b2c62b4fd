from django.db import migrations

import providers.core.messages
import providers.messages
from providers.migrations._sentences_before_codes import convert


def convert_accounts(apps, schema_editor):
    convert(apps.get_model("providers", "ProviderAccount"), {"cooldown_parts": "cooldown_reason"})


class Migration(migrations.Migration):

    dependencies = [
        ('providers', '0008_names_at_the_vendor'),
    ]

    operations = [
        migrations.RunPython(convert_accounts),
        migrations.RemoveField(model_name='provideraccount', name='cooldown_reason'),
        migrations.RenameField(model_name='provideraccount', old_name='cooldown_parts', new_name='cooldown_reason'),
        migrations.AlterField(
            model_name='provideraccount',
            name='cooldown_reason',
            field=providers.messages.MessageField(default=providers.core.messages.Message, editable=False, verbose_name='because'),
        ),
    ]
