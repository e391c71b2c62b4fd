"""A file becomes a batch that is to be checked; its columns and defaults can be changed until it is accepted, which checks it again."""

from __future__ import annotations

import json
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import IO, Any, BinaryIO, cast
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from uuid_utils.compat import uuid7

from access.callers import Caller
from batches.accepting import require_rights
from batches.keys import made_before
from batches.mapping import require_mapping
from batches.messages import refusal_of
from batches.models import Batch, Source, State
from batches.reading.archives import open_zip
from batches.reading.sheet import MOST_BYTES, BadFile
from database import clock
from database.errors import is_taken
from generation import store
from generation.errors import Conflict, InvalidRequest
from generation.ordering.validate import is_small
from providers.core.messages import Message, say
from providers.messages import translated

__all__ = ["change", "upload"]

ZIP = b"PK\x03\x04"
TABLES = (".csv", ".tsv", ".txt", ".xlsx", ".jsonl", ".ndjson")
"""Endings of the name of the table in a ZIP."""
MOST_DEFAULTS = 60_000
DAMAGED = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, ValueError)
TEXTS = ("model", "prompt", "template", "style", "platform", "language")
OBJECTS = ("params", "inputs", "metadata", "variables")
SWITCHES = ("quality", "enhance", "keep_duplicates")
DEFAULTS = frozenset({*TEXTS, *OBJECTS, *SWITCHES})


def upload(
    *,
    by: Caller,
    file: BinaryIO,
    file_name: str,
    archive: BinaryIO | None = None,
    name: str = "",
    mapping: Mapping[str, str] | None = None,
    defaults: Mapping[str, Any] | None = None,
    team: Group | None = None,
    source: Source = Source.FILE,
    language: str = "",
    pk: UUID | None = None,
    key: str = "",
    digest: str = "",
) -> Batch:
    """Store a file, and a ZIP of its images, or a ZIP with both, as a batch that is checked in the background. `language` is that of a
    page; empty: the one that the owner chose. `pk` is an id that was chosen before. Return the batch of an equal request with the same key
    that came first. Raise `InvalidRequest`, `StorageUnavailable`.
    """
    pk, plain = pk or uuid7(), _plain(file_name) or "batch.csv"
    batch = Batch(
        id=pk,
        owner=by.user,
        token=by.token,
        team=team,
        name=" ".join(name.split())[:200] or plain,
        source=source,
        language=language,
        file_name=plain,
        file_key=f"batches/{pk}.rows",
        mapping=require_mapping(mapping or {}),
        defaults=checked_defaults(defaults or {}),
        idempotency_key=key,
        request_digest=digest,
        created_at=clock.now(),
        due_at=clock.now(),
    )
    with _parted(file) if archive is None else nullcontext((file, archive)) as (table, images):
        try:
            _save(batch.file_key, table, MOST_BYTES, "file")
        except DAMAGED as error:
            words = translated(say("archive_damaged"))
            raise InvalidRequest(words, fields={"file": words}) from error
        if images:
            batch.archive_key = f"batches/{pk}.images.zip"
            images.seek(0)
            _save(batch.archive_key, images, settings.MAX_BATCH_BYTES, "images")
    try:
        with transaction.atomic():
            batch.save(force_insert=True)
    except IntegrityError as error:
        if not is_taken(error) or (known := made_before(by, key, digest)) is None:
            raise
        store.discard(filter(None, [batch.file_key, batch.archive_key]))
        return known
    return batch


def change(batch: Batch, *, by: Caller, mapping: Mapping[str, str] | None = None, defaults: Mapping[str, Any] | None = None) -> Batch:
    """Change what columns are, or what applies to all rows, and check it again. Raise `NotAllowed`, `Conflict`, `InvalidRequest`."""
    require_rights(batch, by)
    with transaction.atomic():
        locked = Batch.objects.select_for_update(of=("self",)).get(pk=batch.pk)
        if locked.state not in {State.CHECKING, State.CHECKED, State.REFUSED} or not locked.file_key:
            raise Conflict(_("This batch was started, so its columns can no longer be changed."), code="already_started")
        if mapping is not None:
            locked.mapping = require_mapping({**locked.mapping, **mapping}, locked.heading)
        if defaults is not None:
            locked.defaults = checked_defaults(defaults)
        locked.rows.all().delete()
        locked.state, locked.due_at, locked.lease_until, locked.fence = State.CHECKING, clock.now(), None, locked.fence + 1
        locked.error, locked.cost, locked.unpriced, locked.rows_read, locked.checked_at = Message(), None, 0, 0, None
        locked.save()
    return locked


def checked_defaults(defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Return the defaults. Raise `InvalidRequest` for unknown ones, and for values of a wrong type."""
    unknown = _("Unknown default. Allowed: %(names)s.") % {"names": ", ".join(sorted(DEFAULTS))}
    wrong = {f"defaults.{name[:60]}": unknown for name in defaults if name not in DEFAULTS}
    for names, kind in ((TEXTS, str), (OBJECTS, dict), (SWITCHES, bool)):
        wrong |= {f"defaults.{name}": _("This cannot be used here.") for name in names if not isinstance(defaults.get(name, kind()), kind)}
    if isinstance(language := defaults.get("language"), str) and language and language not in dict(settings.LANGUAGES):
        wrong["defaults.language"] = _("Choose one of: %(names)s.") % {"names": ", ".join(dict(settings.LANGUAGES))}
    variables = defaults.get("variables")
    if isinstance(variables, dict) and not all(type(one) in {str, int, float} for one in variables.values()):
        wrong["defaults.variables"] = _("Give a text or a number.")
    inputs = defaults.get("inputs")
    if isinstance(inputs, dict) and not all(isinstance(ids, list) and all(isinstance(one, str) for one in ids) for ids in inputs.values()):
        wrong["defaults.inputs"] = _("This cannot be used here.")
    if isinstance(metadata := defaults.get("metadata"), dict) and not is_small(metadata):
        wrong["defaults.metadata"] = _("At most 16 kB.")
    if len(json.dumps(dict(defaults), default=str)) > MOST_DEFAULTS:
        wrong["defaults"] = _("At most %(most)d characters.") % {"most": MOST_DEFAULTS}
    if wrong:
        raise InvalidRequest(_("Some fields cannot be used as they are."), fields=wrong)
    return dict(defaults)


@contextmanager
def _parted(file: BinaryIO) -> Iterator[tuple[BinaryIO, BinaryIO | None]]:
    """Yield the table in a ZIP, and the ZIP itself for its images. Yield any other file alone."""
    is_zip = file.read(len(ZIP)) == ZIP
    file.seek(0)
    if not is_zip:
        yield file, None
        return
    with _copied(file, settings.MAX_BATCH_BYTES, "file") as whole, ExitStack() as stack:
        table: IO[bytes] | None = None
        with suppress(*DAMAGED):
            archive = stack.enter_context(open_zip(Path(whole.name)))
            names = archive.namelist()
            tables = [name for name in names if name.casefold().endswith(TABLES) and not name.startswith("__MACOSX/")]
            if len(tables) == 1 and "xl/workbook.xml" not in names:
                table = stack.enter_context(archive.open(tables[0]))
        yield (cast("BinaryIO", table), cast("BinaryIO", whole)) if table else (cast("BinaryIO", whole), None)


def _save(key: str, file: BinaryIO, most: int, field: str) -> None:
    with _copied(file, most, field) as copy:
        store.save(key, Path(copy.name))


@contextmanager
def _copied(file: BinaryIO, most: int, field: str) -> Iterator[IO[bytes]]:
    """Copy what was sent to a named temporary file, and yield it. Raise `InvalidRequest`."""
    settings.SCRATCH_DIR.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=settings.SCRATCH_DIR, prefix="batch-") as copy:
        size = 0
        while block := file.read(1 << 20):
            size += len(block)
            if size > most:
                words = translated(refusal_of(BadFile("too_large", most=most // 1_000_000)))
                raise InvalidRequest(words, code="too_large", fields={field: words})
            copy.write(block)
        copy.flush()
        copy.seek(0)
        yield copy


def _plain(file_name: str) -> str:
    """Return a name without folders and control characters: "../x.csv" -> "x.csv"."""
    last = file_name.replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in last if letter.isprintable())[:200]
