
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('providers', '0006_sentences'),
    ]

    operations = [
        migrations.AddField(
            model_name='provideraccount',
            name='edited_at',
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]
