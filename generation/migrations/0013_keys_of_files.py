from django.db import migrations, models


class Migration(migrations.Migration):
    """Rows name files by key, for generation.store alone to open. The columns are what they were, so the database does nothing."""

    dependencies = [
        ('generation', '0012_decision_keys'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(model, field, models.CharField(max_length=200, verbose_name=field))
                for model, field in (('asset', 'file'), ('video', 'file'), ('video', 'poster'), ('video', 'preview'))
            ]
        ),
    ]
