"""A batch by API: upload, look, change, mend."""

from __future__ import annotations

import json
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from batches.models import Batch
from tests.batches.batch_rows import before_the_transaction, make_batch
from tests.batches.checking.conftest import MODEL, to_the_end
from tests.batches.files import archive_of
from tests.pictures import picture


def test_file_with_a_zip_of_images_is_checked_changed_and_mended(api: Any, sandbox_accounts: Any) -> None:
    rows = "提示词,图片,秒\n一只猫,a.png,5\n一只狗,gone.png,7\n".encode("gbk")
    archive = archive_of({"a.png": picture().read()})
    reply = api.client.post(
        "/api/v1/batches",
        {
            "file": SimpleUploadedFile("../../猫.csv", rows),
            "images": SimpleUploadedFile("images.zip", archive.read()),
            "defaults": json.dumps({"model": MODEL}),
            "mapping": json.dumps({"秒": "params.duration_s"}),
        },
    )

    assert (reply.status_code, reply.json()["state"], reply.json()["name"]) == (201, "checking", "猫.csv")
    address = f"/batches/{reply.json()['id']}"
    to_the_end(Batch.objects.get())
    told = api.get(address).json()
    assert (told["state"], told["counts"]["ready"], told["counts"]["bad"], told["encoding"]) == ("checked", 1, 1, "gb18030")
    assert told["repairs"][0]["words"] == "图片: “gone.png” was not in the ZIP."
    bad = api.get(f"{address}/rows?state=bad").json()
    assert [(row["number"], row["cells"]["提示词"]) for row in bad["items"]] == [(3, "一只狗")]
    assert b"".join(api.get(f"{address}/rejected.csv")).decode().splitlines()[1].startswith("3,图片")

    changed = api.client.patch(f"/api/v1{address}", {"mapping": {"图片": ""}}, content_type="application/json")

    assert (changed.status_code, changed.json()["state"], changed.json()["rows"]) == (200, "checking", 0)
    to_the_end(Batch.objects.get())
    assert api.get(address).json()["repairs"][0]["words"].startswith("秒: ")


def test_rows_in_json(api: Any, sandbox_accounts: Any) -> None:
    reply = api.post("/batches", {"defaults": {"model": MODEL}, "rows": [{"prompt": "a"}, {"prompt": "b", "params": {"duration_s": 10}}]})

    assert reply.status_code == 201
    to_the_end(Batch.objects.get())
    page = api.get(f"/batches/{reply.json()['id']}/rows?limit=1").json()
    assert (page["items"][0]["order"]["prompt"], page["next_after"]) == ("a", 1)


def test_the_time_by_which_it_is_needed_prices_all_rows_before_the_transaction(api: Any, user: Any, sandbox_accounts: Any) -> None:
    batch, body = make_batch(user), {"needed_by": "2031-12-24T09:00:00+08:00", "priority": 2}

    def patch(**more: Any) -> Any:
        return api.client.patch(f"/api/v1/batches/{batch.pk}", {**body, **more}, content_type="application/json")

    assert (patch(mapping={}).status_code, list(patch(defaults={}).json()["error"]["fields"])) == (422, ["needed_by"])
    with before_the_transaction(lambda: None) as statements:
        told = patch().json()
    assert (told["needed_by"], told["priority"]) == ("2031-12-24T01:00:00Z", 2)
    assert not any('"batches_batchrow"."order"' in sql for sql in statements)


def test_refusals_name_the_field(api: Any) -> None:
    def fields(reply: Any) -> tuple[int, list[str]]:
        return reply.status_code, list(reply.json()["error"]["fields"])

    assert fields(api.client.post("/api/v1/batches", {"name": "x"})) == (422, ["file"])
    assert fields(api.post("/batches", {"rows": []})) == (422, ["rows"])
    file = {"file": SimpleUploadedFile("a.csv", b"prompt\na\n")}
    assert fields(api.client.post("/api/v1/batches", {**file, "defaults": "[1]"})) == (422, ["defaults"])
    assert fields(api.post("/batches", {"rows": [{}], "defaults": {"owner": "x"}})) == (422, ["defaults.owner"])
    assert fields(api.post("/batches", {"rows": [{}], "defaults": {"metadata": {"a": "x" * 16_384}}})) == (422, ["defaults.metadata"])
    assert fields(api.post("/batches", {"rows": [{}], "mapping": {"a": "owner"}})) == (422, ["mapping.a"])


def test_what_no_database_stores_is_refused_in_a_form(api: Any) -> None:
    def status(**fields: str) -> int:
        return int(api.client.post("/api/v1/batches", {"file": SimpleUploadedFile("a.csv", b"prompt\na cat\n"), **fields}).status_code)

    assert [status(name="a\0"), status(team="a\0")] == [400, 400]
    assert [status(defaults='{"prompt": "\\u0000"}'), status(defaults='{"metadata": {"a": NaN}}'), status(mapping="[" * 5_000)] == [422] * 3
    assert not Batch.objects.exists()
