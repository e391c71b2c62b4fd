"""The image of a team's task is one that its members may use, in a batch too; a token sees no more images than elsewhere."""

from __future__ import annotations

import io
import json

import pytest
from django.contrib.auth.models import Group

from access.callers import Caller
from access.limits import Limits
from access.tokens import issue
from batches.accepting import accept
from batches.feeding import feed
from batches.models import RowState
from batches.upload import upload
from generation.models import GenerationTask, TaskInput
from generation.ordering.assets import store_asset
from tests.batches.checking.conftest import MODEL, to_the_end
from tests.pictures import picture
from tests.task_rows import make_task

pytestmark = pytest.mark.postgresql


def checked(by: Caller, image: str):
    row = json.dumps({"prompt": "a boat", "inputs.first_frame": image})
    return to_the_end(upload(by=by, file=io.BytesIO(row.encode()), file_name="rows.jsonl", defaults={"model": MODEL}))


def test_row_with_an_image_of_the_team_becomes_a_task(sandbox_accounts, user, other_user):
    team = Group.objects.create(name="crew")
    user.groups.add(team)
    image = store_asset(owner=other_user, file=picture((1280, 720)))
    TaskInput.objects.create(task=make_task(other_user, team=team), slot="first_frame", position=0, asset=image)

    batch = accept(checked(Caller(user=user), str(image.pk)), by=Caller(user=user))
    feed(batch)

    assert batch.rows.get().state == RowState.PLACED
    assert GenerationTask.objects.get(batch_id=batch.pk).images()["first_frame"] == [image]


def test_image_of_another_person_is_not_there_for_a_token_without_the_rights_of_staff(sandbox_accounts, user, other_user):
    user.is_staff = True
    user.save()
    image = store_asset(owner=other_user, file=picture((1280, 720)))
    token = issue(user, "orders", limits=Limits(scopes=("generate", "read")))[0]

    row = checked(Caller(user=user, token=token), str(image.pk)).rows.get()

    assert [one["code"] for one in row.problems] == ["row_no_such_asset"]
