from django.db import migrations


def copy(apps, schema_editor):
    tasks = apps.get_model("generation", "GenerationTask").objects
    for wish in apps.get_model("library", "Wish").objects.all():
        tasks.filter(pk=wish.task_id).update(collection_id=wish.collection_id)


class Migration(migrations.Migration):

    dependencies = [
        ('generation', '0045_collection_of_an_order'),
        ('library', '0004_vote'),
    ]

    operations = [migrations.RunPython(copy, migrations.RunPython.noop), migrations.DeleteModel('Wish')]
