import hashlib
from uuid import UUID

from django.conf import settings
from django.db import migrations, models

import generation.models.prompt

BATCH = 500


def fill(apps, schema_editor):
    prompts, last = apps.get_model("generation", "Prompt").objects, UUID(int=0)
    while batch := list(prompts.filter(pk__gt=last).order_by("pk").only("text")[:BATCH]):
        for prompt in batch:
            prompt.digest = hashlib.sha256(prompt.text.encode()).hexdigest()
        prompts.bulk_update(batch, ["digest"])
        last = batch[-1].pk


class Migration(migrations.Migration):

    dependencies = [
        ('generation', '0015_what_it_is_for'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='prompt',
            name='digest',
            field=generation.models.prompt.TextDigest(default='', editable=False, max_length=64),
            preserve_default=False,
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AddIndex(model_name='prompt', index=models.Index(fields=['owner', 'digest'], name='prompt_by_digest')),
    ]
