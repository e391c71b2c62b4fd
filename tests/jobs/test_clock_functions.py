"""A function of the clock that fails does not keep the others from being called."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group
from django.db import OperationalError, transaction

from jobs.wiring import Periodic
from jobs.worker import _call

pytestmark = pytest.mark.django_db


@transaction.atomic
def breaks_a_rule() -> None:
    Group.objects.create(name="crew")
    Group.objects.create(name="crew")


def is_away() -> None:
    raise OperationalError("the connection is lost")


def test_fault_of_one_function_is_logged_and_a_database_that_is_away_ends_the_round(caplog):
    _call(Periodic(every_s=1, call=breaks_a_rule))
    assert "a function of the clock failed" in caplog.text

    with pytest.raises(OperationalError):
        _call(Periodic(every_s=1, call=is_away))
