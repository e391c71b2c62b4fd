"""What is wrong with the rows of a batch: grouped by how they are mended, and as a sheet to mend and upload again."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from defusedcsv import csv as safe_csv
from django.db.models import Count, Min
from django.utils.translation import gettext as _

from batches.mapping import REPORT_COLUMNS, field_names, own_columns
from batches.messages import words_of
from batches.models import Batch, BatchRow, RowState

__all__ = ["Repair", "rejected_csv", "repairs_of"]

MOST_REPAIRS = 100
MARK = "\ufeff"
"""Without it Excel reads UTF-8 as something else."""


@dataclass(frozen=True, kw_only=True)
class Repair:
    """Rows that are mended in the same way: how many, the first of them, and what is wrong with that."""

    repair: str
    state: str
    count: int
    first: int
    words: str


def repairs_of(batch: Batch) -> list[Repair]:
    """Return what there is to mend, the most frequent first. Three queries at most."""
    groups = batch.rows.exclude(repair="").order_by().values("repair", "state").annotate(count=Count("pk"), first=Min("number"))
    found = list(groups.order_by("-count", "first")[:MOST_REPAIRS])
    names = field_names(batch)
    firsts = {row.number: row for row in batch.rows.filter(number__in=[group["first"] for group in found])}
    return [Repair(**group, words=_words(row, names)) for group in found if (row := firsts.get(group["first"]))]  # it may be checked again


def rejected_csv(batch: Batch) -> Iterator[str]:
    """Yield the lines of a CSV with the rows that cannot become videos, safe for spreadsheets. What is wrong stands before the columns of
    the file; uploaded again, those two columns are ignored.
    """
    buffer = io.StringIO(newline="")
    writer = safe_csv.writer(buffer, quoting=csv.QUOTE_MINIMAL)
    names, columns = field_names(batch), own_columns(batch.heading)
    buffer.write(MARK)
    writer.writerow([*(_(name) for name in REPORT_COLUMNS), *columns])
    for row in batch.rows.filter(state__in=[RowState.BAD, RowState.LEFT_OUT]).exclude(repair="").iterator(chunk_size=500):
        writer.writerow([row.number, _words(row, names), *(row.cells.get(name, "") for name in columns)])
        if buffer.tell() > 1 << 16:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def _words(row: BatchRow, names: Mapping[str, str]) -> str:
    return " ".join(words_of(one, names) for one in row.problems)
