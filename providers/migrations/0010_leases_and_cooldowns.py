from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('providers', '0009_message_codes'),
    ]

    operations = [
        migrations.RenameField(model_name='provideraccount', old_name='claims', new_name='leases'),
        migrations.RenameField(model_name='provideraccount', old_name='rests', new_name='cooldowns'),
    ]
