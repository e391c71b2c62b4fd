from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('access', '0014_team_rules'),
    ]

    operations = [
        migrations.AddField(
            model_name='preference',
            name='tile_size',
            field=models.CharField(blank=True, db_default='', default='', max_length=8, verbose_name='size of tiles'),
        ),
    ]
