from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('generation', '0042_frames_and_captions'),
    ]

    operations = [
        migrations.RemoveIndex(model_name='video', name='video_to_index'),
        migrations.AddIndex(
            model_name='video',
            index=models.Index(condition=models.Q(('to_index_at__isnull', False)), fields=['id'], name='video_to_index'),
        ),
    ]
