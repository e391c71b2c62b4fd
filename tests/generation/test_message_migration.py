"""Older databases keep what they have: messages from before they had codes, prompts from before they had digests."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone, translation

from generation.models import Attempt, GenerationTask, Prompt, TaskEvent
from providers.core.messages import SENTENCES, Message, say
from providers.messages import translated
from providers.migrations._sentences_before_codes import CODES
from providers.models import ProviderAccount

pytestmark = pytest.mark.postgresql
BEFORE = [("generation", "0013_keys_of_files"), ("providers", "0008_names_at_the_vendor")]
WITHOUT_DIGESTS = [("generation", "0015_what_it_is_for"), ("providers", "0009_message_codes")]
LOST = "The process that was sending ended before the vendor's answer was stored."
NOT_LISTED = "The vendor shows no render under our reference: it was probably not accepted."
ADOPTED = "%(name)s adopted the vendor's task %(id)s"


def migrate_to_newest():
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


def migrate_step_by_step_to(targets):
    """Apply the single migrations, not the one that replaces them in an empty database. Returns the models as they are then."""
    executor = MigrationExecutor(connection)
    executor.loader.replace_migrations = False
    executor.loader.build_graph()
    executor.migrate(targets)
    return executor.loader.project_state(targets).apps


@pytest.fixture
def before(transactional_db):
    """The models of the migration before, and afterwards the newest ones again."""
    for label, model in (("generation", "GenerationTask"), ("providers", "ProviderAccount")):
        assert not apps.get_model(label, model).objects.exists()
    with connection.cursor() as cursor:
        for table in reversed(connection.introspection.table_names(cursor)):
            if table.startswith(("generation_", "providers_", "delivery_", "library_")) and not table.startswith("library_words_"):
                cursor.execute(f"DROP TABLE {connection.ops.quote_name(table)}" + (" CASCADE" if connection.vendor == "postgresql" else ""))
        cursor.execute("DELETE FROM django_migrations WHERE app IN ('generation', 'providers', 'delivery', 'library')")
    yield migrate_step_by_step_to(BEFORE)
    migrate_to_newest()


@pytest.mark.slow
def test_an_older_database_keeps_every_message_and_finds_equal_prompts(before, django_user_model):
    """It has more prompts than the migration converts at once."""
    now, user = timezone.now(), django_user_model.objects.create_user("ann")
    old = {model: before.get_model("generation", model) for model in ("GenerationTask", "Attempt", "TaskEvent", "Prompt")}
    account = before.get_model("providers", "ProviderAccount").objects.create(
        label="a",
        vendor="kling",
        surface="official-key",
        rests=3,
        cooldown_reason="Nothing answers at the vendor's address. (refused)",
        cooldown_parts=[["Nothing answers at the vendor's address. (%(words)s)", {"words": "refused"}]],
    )
    prompt = old["Prompt"].objects.create(owner_id=user.pk, text="a boat", created_at=now)

    def task(status, **facts):
        times = {"created_at": now, "updated_at": now} | ({} if status == "needs_review" else {"due_at": now})
        owned = {"owner_id": user.pk, "prompt": prompt, "model": "kling/kling-v2-5-turbo", "account": account}
        return old["GenerationTask"].objects.create(status=status, **owned, **times, **facts)

    review = task("needs_review", error_message=f"{LOST} {NOT_LISTED}", error_parts=[[LOST, {}], [NOT_LISTED, {}], ["[1301]", {}]])
    running = task("running", submission_id="v-1", error_message="No answer within the time limit.")
    waiting = task("queued", wait_reason="Removed since: 3", wait_parts=[["Removed since: %(n)d", {"n": 3}]])
    quiet = task("queued")
    old["Attempt"].objects.create(task=review, number=1, account=account, reference="vp-1", started_at=now, error_message=LOST)
    old["TaskEvent"].objects.create(task=review, at=now, note="Before it started")
    old["TaskEvent"].objects.create(task=running, at=now, note="x", note_parts=[[ADOPTED, {"name": "ann", "id": "v-1"}]])

    without_digests = migrate_step_by_step_to(WITHOUT_DIGESTS).get_model("generation", "Prompt")
    texts = ["a raft", "a fox", "雪" * 10_000]
    without_digests.objects.bulk_create(without_digests(owner_id=user.pk, text=text, created_at=now) for text in texts * 400)

    migrate_to_newest()

    assert ProviderAccount.objects.get().cooldowns == 3
    tasks = {row.pk: row for row in GenerationTask.objects.all()}
    assert tasks[review.pk].error_message == say("sender_lost") + say("not_listed") + "[1301]"
    assert (tasks[running.pk].status, tasks[running.pk].submission_id) == ("running", "v-1")
    assert tasks[running.pk].error_message == Message.of("No answer within the time limit.")
    assert tasks[waiting.pk].wait_reason == Message.of("Removed since: 3")
    assert (tasks[quiet.pk].error_message, tasks[quiet.pk].wait_reason) == (Message(), Message())
    assert Attempt.objects.get().error_message == say("sender_lost")
    assert list(TaskEvent.objects.order_by("id").values_list("note", flat=True)) == [
        say("cancelled_before_start"),
        say("adopted", name="ann", id="v-1"),
    ]
    assert ProviderAccount.objects.get().cooldown_reason == say("account_unreachable", words="refused")
    with translation.override("zh-hans"):
        shown = translated(tasks[review.pk].error_message)  # both sentences were reworded since
        assert shown == f"{translation.gettext(SENTENCES['sender_lost'])}{translation.gettext(SENTENCES['not_listed'])}[1301]"
    assert SENTENCES["not_listed"] != NOT_LISTED

    for text in texts:
        new = Prompt.objects.create(owner=user, text=text)
        assert list(Prompt.objects.filter(owner=user, digest=new.digest).values_list("text", flat=True)) == [text] * 401


def test_every_code_that_old_rows_are_given_has_a_sentence():
    assert set(CODES.values()) <= SENTENCES.keys()
