from django.db import migrations, models
from django.db.models.functions import Now


def index_again(apps, schema_editor):
    """Entries get words for the month and the prompt; the worker reads the videos again in the background, the newest first."""
    apps.get_model("generation", "Video").objects.filter(purged_at=None).update(to_index_at=Now())


class Migration(migrations.Migration):

    dependencies = [
        ('library', '0005_wishes_in_tasks'),
        ('generation', '0045_collection_of_an_order'),
    ]

    operations = [
        migrations.CreateModel(
            name='MonthCount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('owner_id', models.BigIntegerField()),
                ('team_id', models.BigIntegerField()),
                ('month', models.PositiveIntegerField()),
                ('videos', models.PositiveIntegerField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('owner_id', 'team_id', 'month'), name='month_counted_once')],
            },
        ),
        migrations.RunPython(index_again, migrations.RunPython.noop),
    ]
