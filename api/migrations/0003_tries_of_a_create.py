import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('api', '0002_repeatablecreate'),
    ]

    operations = [
        migrations.AddField(
            model_name='repeatablecreate',
            name='tries',
            field=models.JSONField(db_default=models.Value([], models.JSONField()), default=list),
        ),
        migrations.AddField(
            model_name='repeatablecreate',
            name='seen_at',
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
        ),
        migrations.AddField(
            model_name='repeatablecreate',
            name='told_at',
            field=models.DateTimeField(null=True),
        ),
    ]
