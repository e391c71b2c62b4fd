from django.db import migrations, models

import providers.core.messages
import providers.messages
from providers.migrations._sentences_before_codes import convert


def convert_rows(apps, schema_editor):
    convert(apps.get_model("generation", "GenerationTask"), {"error_parts": "error_message", "wait_parts": "wait_reason"})
    convert(apps.get_model("generation", "Attempt"), {"error_parts": "error_message"})
    convert(apps.get_model("generation", "TaskEvent"), {"note_parts": "note"})


def message(verbose_name):
    return providers.messages.MessageField(default=providers.core.messages.Message, editable=False, verbose_name=verbose_name)


class Migration(migrations.Migration):

    dependencies = [
        ('generation', '0013_keys_of_files'),
        ('providers', '0009_message_codes'),
    ]

    operations = [
        migrations.AddField(model_name='attempt', name='error_parts', field=models.JSONField(default=list, editable=False)),
        migrations.RunPython(convert_rows),
        migrations.RemoveField(model_name='generationtask', name='error_message'),
        migrations.RemoveField(model_name='generationtask', name='wait_reason'),
        migrations.RemoveField(model_name='attempt', name='error_message'),
        migrations.RemoveField(model_name='taskevent', name='note'),
        migrations.RenameField(model_name='generationtask', old_name='error_parts', new_name='error_message'),
        migrations.RenameField(model_name='generationtask', old_name='wait_parts', new_name='wait_reason'),
        migrations.RenameField(model_name='attempt', old_name='error_parts', new_name='error_message'),
        migrations.RenameField(model_name='taskevent', old_name='note_parts', new_name='note'),
        migrations.AlterField(model_name='generationtask', name='error_message', field=message('error message')),
        migrations.AlterField(model_name='generationtask', name='wait_reason', field=message('waits because')),
        migrations.AlterField(model_name='attempt', name='error_message', field=message('error message')),
        migrations.AlterField(model_name='taskevent', name='note', field=message('note')),
    ]
