from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('providers', '0009_message_codes'),
    ]

    operations = [
        migrations.RenameField(model_name='provideraccount', old_name='claims', new_name='leases'),
        migrations.RenameField(model_name='provideraccount', old_name='rests', new_name='cooldowns'),
        migrations.AlterField(
            model_name='provideraccount',
            name='cooldowns',
            field=models.PositiveSmallIntegerField(default=0, editable=False, verbose_name='cooldowns since the last accepted submit'),
        ),
    ]
