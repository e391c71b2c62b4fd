from django.db import migrations


def create(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        # the index's own words, sorted: library/finding.py asks which of them begin with something
        schema_editor.execute("CREATE VIRTUAL TABLE library_vocabulary USING fts5vocab(library_words, instance)")


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("DROP TABLE library_vocabulary")


class Migration(migrations.Migration):

    dependencies = [
        ('library', '0007_obstacle'),
    ]

    operations = [migrations.RunPython(create, drop)]
