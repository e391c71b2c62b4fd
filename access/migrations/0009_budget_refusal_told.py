from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("access", "0008_preference_look_and_notices"),
    ]

    operations = [
        migrations.AddField(
            model_name="budget",
            name="refusal_told",
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
    ]
