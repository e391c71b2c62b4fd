from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('library', '0006_months_and_prompts'),
    ]

    operations = [
        migrations.AddField(
            model_name='bulkjob',
            name='obstacle',
            field=models.CharField(blank=True, choices=[('blocked', 'The person or the token that started it was blocked.'), ('filter', 'Its filter names something that is gone, or that its owner no longer sees.'), ('target', 'The collection or the team is gone, or its owner may no longer use it.')], db_default='', default='', max_length=10),
        ),
    ]
