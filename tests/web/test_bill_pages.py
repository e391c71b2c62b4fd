"""The bill check: a vendor's bill is uploaded, its columns are confirmed, it is compared, and its amounts are taken over."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from access import ledger
from access.ledger_models import Basis, Budget, Rate, Reservation
from access.limits import Limits
from access.scopes import Scope
from access.tokens import issue
from api.v1.urls import api as the_api
from events.models import AuditEvent
from generation.lifecycle import Status
from generation.models import Bill, BillLine, Dispatch, GenerationTask
from tests.api.conftest import Api
from tests.task_rows import MODEL, attempt_of, make_task
from videoportal.retention import forget
from web.presenters.large_bills import LARGE

pytestmark = pytest.mark.django_db

YUAN = 1_000_000
AT = datetime(2026, 11, 3, 2, tzinfo=UTC)
HEAD = "任务ID,消费时间,模型,应付金额（含税）,币种\r\n"


def bought(owner, account, vendor_id, settled=2.5, *, at=AT, unknown=False, **facts):
    """A purchase: a task that was sent to this account, with its request and its reservation."""
    status = Status.FAILED if unknown else Status.SUCCEEDED
    ids = {"submission_id": vendor_id} if vendor_id else {}
    task = make_task(owner, status=status, account=account, attempt_count=1, created_at=at, **ids)
    GenerationTask.objects.filter(pk=task.pk).update(finished_at=at + timedelta(minutes=3))
    dispatch = Dispatch.UNKNOWN if unknown else Dispatch.ACCEPTED
    attempt_of(task, account, started_at=at, dispatch=dispatch, submission_id=vendor_id or "")
    closed = {} if unknown else {"settled": int(settled * YUAN), "released": 0, "own_settled": int(settled * YUAN), "closed_at": at}
    reserved = 5 * YUAN if unknown else int(settled * YUAN)
    given = {"currency": "CNY", "rate": Decimal(1), "basis": "" if unknown else Basis.MEASURED, "waits": unknown, "content_id": "shoe 7"}
    return Reservation.objects.create(
        task_id=task.pk,
        owner=owner,
        account_id=account.pk,
        model=MODEL,
        vendor=account.vendor,
        at=at,
        day=at.date(),
        **{"is_priced": True, "reserved": reserved, "own_reserved": reserved, **closed, **given, **facts},
    )


def row_of(vendor_id, amount="2.50", at="2026-11-03 10:01:00", model="kling-v2-5-turbo"):
    return f"{vendor_id},{at},{model},{amount},CNY\r\n"


def upload(visitor, text, *, vendor="kling", name="kling-2026-11.csv"):
    return visitor.post("/usage/bills/", {"vendor": vendor, "file": SimpleUploadedFile(name, text.encode("gbk"))})


def confirm(visitor, bill, **changes):
    """Press Compare with what the form suggests."""
    form = visitor.get(f"/usage/bills/{bill.pk}/columns").context["form"]
    sent = {name: form[name].value() or "" for name in form.fields} | {"first": "2026-11-01", "last": "2026-11-30"} | changes
    return visitor.post(f"/usage/bills/{bill.pk}/columns", {name: value for name, value in sent.items() if value is not False})


@pytest.fixture
def world(user, kling):
    """One purchase of each kind: agrees, differs, not on the bill, outcome unknown and charged, outcome unknown and not charged."""
    return {
        "agrees": bought(user, kling, "kl-000001"),
        "differs": bought(user, kling, "kl-000002", 2),
        "missing": bought(user, kling, "kl-000003", at=AT + timedelta(days=1)),
        "charged": bought(user, kling, "", unknown=True, at=AT + timedelta(days=2)),
        "free": bought(user, kling, "", unknown=True, at=AT + timedelta(days=3)),
    }


TEXT = (
    HEAD
    + row_of("kl-000001")
    + row_of("kl-000002", "3.25")
    + row_of("stranger-1", "7.00", "2026-11-09 10:00:00")
    + row_of("lost-answer", "4.00", "2026-11-05 10:02:00")
    + "合计,,,16.75,\r\n"
)


@pytest.fixture
def bill(staff_visitor, world):
    assert upload(staff_visitor, TEXT).status_code == 302
    row = Bill.objects.get()
    assert confirm(staff_visitor, row).status_code == 302
    return Bill.objects.get()


def test_a_bill_shows_what_differs_on_either_side(staff_visitor, bill, world):
    page = staff_visitor.get(f"/usage/bills/{bill.pk}/")
    check = {section.name: section for section in page.context["page"].sections}

    assert (bill.encoding, bill.currency, bill.rows, bill.total) == ("gb18030", "CNY", 4, int(16.75 * YUAN))
    assert [row.title for row in check["only-bill"].rows] == ["stranger-1"]
    assert [(row.theirs, row.ours, row.difference) for row in check["differs"].rows] == [
        ("¥3.25", "¥2.00", "+¥1.25"),
        ("¥4.00", "–", "–"),
    ]
    assert "By likeness" in check["differs"].rows[1].note
    assert [row.href for row in check["only-here"].rows] == [f"/tasks/{world[name].task_id}/" for name in ("missing", "free")]
    assert page.context["page"].agreed.count == 1
    assert (f"/tasks/{world['agrees'].task_id}/" in page.text, "shoe 7" in page.text) == (True, True)
    usage = staff_visitor.get("/usage/?from=2026-11-01&to=2026-11-30&vendor=kling").text
    assert "2 amounts differ, 1 row only on the bill, 2 purchases only here" in usage


def test_the_same_file_is_the_same_bill_and_members_see_none(staff_visitor, visitor, bill):
    assert upload(staff_visitor, TEXT, name="again.csv").headers["Location"] == f"/usage/bills/{bill.pk}/"
    assert Bill.objects.count() == 1
    own = visitor.get("/usage/").text
    assert ("/usage/bills/" in own, bill.file_name in own) == (False, False)
    for path in ("", "columns", "differences.csv", "take-over", "delete"):
        for pk in (bill.pk, uuid4()):
            for method in (visitor.get, visitor.post):
                assert method(f"/usage/bills/{pk}/{path}").status_code in {404, 405}
    assert (visitor.get("/usage/bills/").status_code, upload(visitor, "x,1").status_code) == (404, 404)
    assert (Bill.objects.count(), BillLine.objects.count()) == (1, 4)


def test_staff_look_and_change_nothing(bill, world):
    clerk = Client()
    clerk.force_login(User.objects.create_user("clerk", is_staff=True))

    page = clerk.get(f"/usage/bills/{bill.pk}/")
    assert (page.status_code, "Take over" in page.text, "Delete" in page.text) == (200, False, False)
    assert upload(clerk, TEXT + "x").status_code == 403
    for path in ("columns", "take-over", "delete"):
        assert clerk.post(f"/usage/bills/{bill.pk}/{path}", {"purchase": world["differs"].pk}).status_code == 403
    assert clerk.get(f"/usage/bills/{bill.pk}/take-over").status_code == 403
    assert Reservation.objects.get(pk=world["differs"].pk).settled == 2 * YUAN


def test_an_amount_is_taken_over_with_the_basis_bill_and_an_audit_row(staff_visitor, bill, world, staff):
    budget = Budget.objects.create(kind="everyone", window="month", limit=100 * YUAN, held=0, starts_at=AT, ends_at=AT + timedelta(days=60))
    ledger.check(repair=True)
    held = Budget.objects.get(pk=budget.pk).held

    answer = staff_visitor.post(f"/usage/bills/{bill.pk}/take-over", {"purchase": world["differs"].pk})

    assert answer.status_code == 302
    row = Reservation.objects.get(pk=world["differs"].pk)
    assert (row.settled, row.own_settled, row.basis, row.counts) == (3_250_000, 3_250_000, Basis.BILL, 3_250_000)
    assert GenerationTask.objects.get(pk=row.task_id).cost_settled == 3_250_000
    assert Budget.objects.get(pk=budget.pk).held == held + 1_250_000
    assert {"ledger.corrected", "bill.taken_over", "bill.uploaded", "bill.read"} <= set(AuditEvent.objects.values_list("action", flat=True))
    assert Bill.objects.get().result["differs"] == 1
    again = staff_visitor.post(f"/usage/bills/{bill.pk}/take-over", {"purchase": world["differs"].pk}, headers={"HX-Request": "true"})
    assert again.status_code == 409


def test_all_amounts_are_taken_over_at_once_and_unknown_ones_are_settled(staff_visitor, bill, world):
    for ask in (staff_visitor.get, staff_visitor.post):  # without `all` it only asks, also where a script is missing
        page = ask(f"/usage/bills/{bill.pk}/take-over")
        assert (page.status_code, page.context["page"].count, page.context["page"].theirs) == (200, 2, "¥7.25")
    assert Reservation.objects.get(pk=world["differs"].pk).settled == 2 * YUAN
    assert f'href="/usage/bills/{bill.pk}/take-over"' in staff_visitor.get(f"/usage/bills/{bill.pk}/").text

    assert staff_visitor.post(f"/usage/bills/{bill.pk}/take-over", {"all": "1"}).status_code == 302

    costs = {name: Reservation.objects.get(pk=row.pk) for name, row in world.items()}
    assert {name: row.settled for name, row in costs.items()} == {
        "agrees": 2_500_000,
        "differs": 3_250_000,
        "missing": 2_500_000,
        "charged": 4_000_000,
        "free": None,
    }
    assert (costs["charged"].waits, costs["charged"].basis) == (False, Basis.BILL)

    staff_visitor.post(f"/usage/bills/{bill.pk}/take-over", {"purchase": world["free"].pk})
    free = Reservation.objects.get(pk=world["free"].pk)
    assert (free.settled, free.basis, free.waits) == (0, Basis.BILL, False)
    refused = staff_visitor.post(f"/usage/bills/{bill.pk}/take-over", {"purchase": world["missing"].pk}, headers={"HX-Request": "true"})
    assert (refused.status_code, Reservation.objects.get(pk=world["missing"].pk).settled) == (409, 2_500_000)


def test_differences_are_csv_that_no_spreadsheet_runs(staff_visitor, bill, user):
    Reservation.objects.update(content_id="=cmd()")
    answer = staff_visitor.get(f"/usage/bills/{bill.pk}/differences.csv")
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))

    assert [row["difference"] for row in rows] == ["only on the bill", "amount differs", "amount differs", "only here", "only here"]
    assert (rows[0]["id"], rows[0]["on_the_bill"], rows[1]["more_on_the_bill"], rows[4]["state"]) == (
        "stranger-1",
        "7",
        "1.25",
        "outcome unknown",
    )
    assert (rows[1]["person"], rows[1]["content_id"]) == (user.get_username(), "'=cmd()")


def test_columns_are_corrected_and_a_wrong_one_is_refused_with_row_and_column(staff_visitor, bill):
    wrong = confirm(staff_visitor, bill, column_amount="2")
    assert wrong.status_code == 422
    assert "Row 2, column 模型: “kling-v2-5-turbo” is not an amount." in wrong.text
    assert BillLine.objects.count() == 4

    utf16 = confirm(staff_visitor, bill, encoding="utf-8")
    assert (utf16.status_code, "not text in utf-8" in utf16.text) == (422, True)
    fewer = confirm(staff_visitor, bill, column_product="0", only="KL-")
    assert (fewer.status_code, Bill.objects.get().rows, Bill.objects.get().others) == (302, 2, 3)
    other_days = confirm(staff_visitor, bill, only="", first="2026-11-30", last="2026-11-01")
    assert other_days.status_code == 422


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04xlsx", b"no,amount\n" * 2, b"\xff" * 100])
def test_a_bad_file_is_a_sentence_at_the_field_and_stores_nothing(staff_visitor, kling, content):
    answer = staff_visitor.post("/usage/bills/", {"vendor": "kling", "file": SimpleUploadedFile("x.csv", content)})

    assert answer.status_code in {302, 422}
    assert (answer.status_code == 422) is (Bill.objects.count() == 0)


def test_a_bill_in_another_currency_is_compared_by_the_rate_of_the_order_or_of_today(staff_visitor, user, kling):
    Rate.objects.create(unit="USD", rate=Decimal(7))
    bought(user, kling, "kl-000001", 14)  # settled in CNY: 2 USD by today's rate
    own = bought(user, kling, "kl-000002", 24, currency="USD", rate=Decimal(8), own_settled=3 * YUAN)
    text = "Task ID,Time,Amount\nkl-000001,2026-11-03,$2.00\nkl-000002,2026-11-03,$4.00\n"
    upload(staff_visitor, text)
    bill = Bill.objects.get()
    confirm(staff_visitor, bill)

    assert (Bill.objects.get().currency, Bill.objects.get().result["agrees"], Bill.objects.get().result["differs"]) == ("USD", 1, 1)
    staff_visitor.post(f"/usage/bills/{bill.pk}/take-over", {"purchase": own.pk})
    own.refresh_from_db()
    assert (own.settled, own.own_settled) == (32 * YUAN, 4 * YUAN)


def test_what_a_sandbox_rendered_is_on_no_bill(staff_visitor, user, kling):
    bought(user, kling, "kl-000009", 0, basis=Basis.SANDBOX)
    upload(staff_visitor, HEAD + row_of("kl-000009"))
    confirm(staff_visitor, Bill.objects.get())

    assert [Bill.objects.get().result[name] for name in ("agrees", "differs", "only_bill")] == [0, 0, 1]


def test_programs_do_the_same(staff, user, bill, world):
    admin_api, api = Api(issue(staff, "tests", limits=Limits(scopes=tuple(Scope.values)))[1]), Api(issue(user, "tests")[1])
    one = f"/bills/{bill.pk}"
    assert api.get(one).status_code == api.get(f"{one}/differences").status_code == 404
    assert api.get("/bills").json() == {"items": []}
    found = admin_api.get(f"{one}/differences").json()
    kinds = [(item["kind"], item["can_take_over"]) for item in found["items"]]
    assert kinds == [("only_bill", False), ("differs", True), ("differs", True), ("only_here", False), ("only_here", True)]

    assert admin_api.post(f"{one}/take-over", {}).status_code == 422
    taken = admin_api.post(f"{one}/take-over", {"purchases": [str(world["differs"].pk)]})
    assert taken.json() == {"done": 1, "refusals": []}
    file = SimpleUploadedFile("another.csv", (HEAD + row_of("kl-000001")).encode())
    sent = admin_api.client.post("/api/v1/bills", {"vendor": "kling", "file": file})
    assert (sent.status_code, sent.json()["columns"]["amount"], sent.json()["result"]) == (201, 4, None)
    bad = admin_api.client.patch(sent["Location"], '{"columns": {"amount": 1}}', content_type="application/json")
    assert (bad.status_code, bad.json()["error"]["fields"]["amount"][:31]) == (422, "Row 2, column 任务ID: “kl-000001”")
    good = admin_api.client.patch(sent["Location"], '{"decimal_sign": "."}', content_type="application/json")
    assert (good.json()["result"]["agrees"], good.json()["first"]) == (1, "2026-11-01")
    assert admin_api.client.delete(sent["Location"]).status_code == 204


def test_every_operation_about_a_bill_is_404_for_a_member(user, bill):
    api = Api(issue(user, "tests", limits=Limits(scopes=tuple(Scope.values)))[1])
    for path, operations in the_api.get_openapi_schema()["paths"].items():
        if "{bill_id}" in path:
            for method in operations:
                body = '{"all": true}' if method == "post" else "{}"
                answer = api.client.generic(method.upper(), path.format(bill_id=bill.pk), body, content_type="application/json")
                assert answer.status_code == 404, (method, path)
    assert Bill.objects.count() == 1


def test_a_bill_whose_comparison_was_cut_off_asks_for_its_columns_again(staff_visitor, bill):
    Bill.objects.update(result={})

    assert "Columns to be confirmed" in staff_visitor.get("/usage/bills/").text
    assert staff_visitor.get(f"/usage/bills/{bill.pk}/").headers["Location"] == f"/usage/bills/{bill.pk}/columns"
    assert confirm(staff_visitor, bill).headers["Location"] == f"/usage/bills/{bill.pk}/"


def test_the_page_of_a_large_bill_is_kept_until_money_changes(staff_visitor, bill, world):
    Bill.objects.update(rows=LARGE)

    def differences() -> tuple[int, list[str]]:
        with CaptureQueriesContext(connection) as made:
            page = staff_visitor.get(f"/usage/bills/{bill.pk}/").context["page"]
        return sum('"generation_attempt"' in query["sql"] for query in made), [row.ours for row in page.sections[1].rows]

    (first, amounts), (again, kept) = differences(), differences()
    assert (first > 0, again, amounts) == (True, 0, kept)

    with transaction.atomic():
        ledger.correct(Reservation.objects.get(pk=world["differs"].pk), YUAN, by=None)
    asked, changed = differences()
    assert (asked > 0, changed) == (True, ["¥1.00", "–"])
    staff_visitor.post(f"/usage/bills/{bill.pk}/take-over", {"purchase": world["differs"].pk})
    assert differences()[1] == ["–"]


def test_old_bills_are_deleted_with_their_rows(bill, settings):
    Bill.objects.update(created_at=timezone.now() - timedelta(days=11))
    settings.KEPT = settings.KEPT | {"PORTAL_KEEP_BILLS_DAYS": timedelta(days=10)}

    forget()

    assert (Bill.objects.count(), BillLine.objects.count()) == (0, 0)


def test_a_bill_is_deleted_on_its_page_and_what_was_taken_over_stays(staff_visitor, bill, world):
    staff_visitor.post(f"/usage/bills/{bill.pk}/take-over", {"purchase": world["differs"].pk})
    assert staff_visitor.post(f"/usage/bills/{bill.pk}/delete").status_code == 302

    assert (Bill.objects.count(), Reservation.objects.get(pk=world["differs"].pk).settled) == (0, 3_250_000)
    assert Client().get(f"/usage/bills/{bill.pk}/").status_code == 302
