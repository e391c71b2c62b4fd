from django.db import migrations

SQLITE = [
    "CREATE VIRTUAL TABLE library_words USING fts5(terms, content='library_entry', content_rowid='seq', "
    "detail=none, columnsize=0, prefix='3', tokenize=\"ascii tokenchars ':'\")",
    # for some changes of columns Django copies a table, and the triggers are lost: such a migration has to create them again
    "CREATE TRIGGER library_words_insert AFTER INSERT ON library_entry BEGIN "
    "INSERT INTO library_words(rowid, terms) VALUES (new.seq, new.terms); END",
    "CREATE TRIGGER library_words_delete AFTER DELETE ON library_entry BEGIN "
    "INSERT INTO library_words(library_words, rowid, terms) VALUES ('delete', old.seq, old.terms); END",
    "CREATE TRIGGER library_words_update AFTER UPDATE OF terms ON library_entry BEGIN "
    "INSERT INTO library_words(library_words, rowid, terms) VALUES ('delete', old.seq, old.terms); "
    "INSERT INTO library_words(rowid, terms) VALUES (new.seq, new.terms); END",
]
POSTGRESQL = [
    # without `fastupdate`, because every search would read the list of what was inserted lately
    "CREATE INDEX library_words ON library_entry USING gin "
    "(array_to_tsvector(string_to_array(rtrim('b:' || seq / 4096 || ' ' || terms), ' '))) WITH (fastupdate = off)",
]
PLACES = (
    "INSERT INTO library_entry (seq, video_id, made_at, terms) "
    "SELECT row_number() OVER (ORDER BY id), id, created_at, '' FROM generation_video WHERE purged_at IS NULL"
)
"""Gives the videos that there are their places. The worker fills in their words, from the newest on. The triggers must see it: FTS5 takes an
index that is to lose a row and has none for malformed.
"""


def create(apps, schema_editor):
    for statement in [*(SQLITE if schema_editor.connection.vendor == "sqlite" else POSTGRESQL), PLACES]:
        schema_editor.execute(statement)


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for trigger in ("insert", "delete", "update"):
            schema_editor.execute(f"DROP TRIGGER library_words_{trigger}")
        schema_editor.execute("DROP TABLE library_words")
    else:
        schema_editor.execute("DROP INDEX library_words")
    schema_editor.execute("DELETE FROM library_entry")


class Migration(migrations.Migration):

    dependencies = [
        ('library', '0002_wish'),
        ('generation', '0043_waiting_for_the_index'),
    ]

    operations = [migrations.RunPython(create, drop)]
