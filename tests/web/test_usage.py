"""What was spent: sums of purchases, split by everything that a purchase says of itself, for those who may see them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone
from django.utils.http import urlencode

from access.callers import Caller
from access.limits import Limits
from access.models import Basis, Reservation
from access.scopes import Scope
from access.tokens import issue
from access.usage import Wanted, labels_of, lines_by, rows_for, rows_in_order, totals
from generation.lifecycle import Status
from generation.queries.league import ENOUGH, league
from tests.api.conftest import Api
from tests.cases import in_one_test
from tests.task_rows import make_task
from tests.web.page_rows import make_video

pytestmark = pytest.mark.django_db

MICRO = 1_000_000
NOVEMBER = Wanted(first=date(2026, 11, 1), last=date(2026, 11, 30))


def bought(owner, day=15, settled=None, reserved=5, **facts):
    """Store a purchase of November: closed with this cost, or open."""
    at = datetime(2026, 11, day, 12, tzinfo=UTC)
    closed = {}
    if settled is not None:
        closed = {"settled": int(settled * MICRO), "released": int((reserved - settled) * MICRO), "closed_at": at}
    given = {"model": "kling/kling-v3", "vendor": "kling", "is_priced": True, "basis": Basis.USAGE if closed else "", "task_id": uuid4()}
    return Reservation.objects.create(owner=owner, at=at, day=at.date(), reserved=int(reserved * MICRO), **closed, **{**given, **facts})


@pytest.fixture
def api(user):
    return Api(issue(user, "tests")[1])


@pytest.fixture
def month(user, other_user):
    """Purchases of two people: settled, open, waiting, released, unpriced, of a sandbox, and of another month."""
    team = Group.objects.create(name="Shop")
    token = issue(user, "robot")[0]
    bought(user, settled=2, content_id="shoe", team=team, token_line=token.line_id)
    bought(user, 16, settled=Decimal("0.000001"), content_id="shoe")
    bought(user, 16, reserved=3)
    bought(other_user, 17, reserved=4, waits=True, model="ark/doubao-seedance-2-0-260128", vendor="ark")
    bought(other_user, 17, settled=0, basis=Basis.NOTHING)
    bought(other_user, 18, settled=0, reserved=0, is_priced=False)
    bought(user, settled=0, basis=Basis.SANDBOX, content_id="trial")
    Reservation.objects.filter(pk=bought(user, settled=5).pk).update(day=date(2026, 12, 1))
    return team, token


def seen_by(person, **facts):
    return rows_for(Caller(user=person), Wanted(first=NOVEMBER.first, last=NOVEMBER.last, **facts))


def test_sums_keep_spent_reserved_and_waiting_apart(month, staff):
    sums = totals(seen_by(staff))

    assert (sums.spent, sums.reserved, sums.waits) == (Decimal("2.000001"), 3, 4)
    assert (sums.renders, sums.without_price) == (5, 1)


def test_people_see_their_own_and_staff_everything(month, user, other_user, staff):
    assert totals(seen_by(user)).spent == Decimal("2.000001")
    assert totals(seen_by(other_user)).waits == 4
    assert totals(seen_by(user, owner=other_user.pk)).renders == 0
    assert totals(seen_by(staff, owner=other_user.pk)).waits == 4


def test_sums_can_be_split_and_narrowed(month, user, other_user, staff):
    team, token = month

    def spent(dimension, **facts):
        lines = lines_by(seen_by(staff, **facts), dimension, 99)
        return {line.key: (line.sums.spent, line.sums.reserved + line.sums.waits) for line in lines}

    assert list(spent("day")) == [date(2026, 11, day) for day in (15, 16, 17, 18)]
    assert spent("vendor") == {"kling": (Decimal("2.000001"), 3), "ark": (0, 4)}
    assert spent("owner", vendor="ark") == {other_user.pk: (0, 4)}
    assert spent("content_id") == {"": (0, 7), "shoe": (Decimal("2.000001"), 0)}
    assert spent("token", content_id="shoe") == {token.line_id: (2, 0), None: (Decimal("0.000001"), 0)}
    assert spent("model", team=team.pk, token=token.line_id, owner=user.pk) == {"kling/kling-v3": (2, 0)}
    assert len(lines_by(seen_by(staff), "day", 2)) == 2


def test_keys_have_names(month, user):
    team, token = month

    assert labels_of("team", {team.pk}) == {team.pk: "Shop"}
    assert labels_of("token", {token.line_id}) == {token.line_id: "robot"}
    assert labels_of("owner", {user.pk}) == {user.pk: user.get_username()}
    assert labels_of("model", {"kling/kling-v3"}) == {}


def test_rows_come_in_order_in_parts(month, staff):
    rows = list(rows_in_order(seen_by(staff)))

    assert [row.pk for row in rows] == sorted(row.pk for row in rows)
    assert len(rows) == 6


@pytest.mark.parametrize("name", ["usage", "usage/models"])
def test_pages_and_api_need_someone(client, name):
    assert client.get(f"/{name}/").status_code == 302
    assert client.get(f"/api/v1/{name}").status_code in {401, 422}


def test_page_shows_the_sums_and_a_bar_for_each_day(month, staff_client, other_user):
    page = staff_client.get("/usage/?from=2026-11-01&to=2026-11-30")

    assert page.status_code == 200
    assert "¥2.00" in page.text
    assert "Waits for a decision" in page.text
    assert page.text.count('<rect class="lower"') == 1  # the other day's bar is lower than can be drawn
    assert "trial" not in page.text
    assert other_user.get_username() in page.text
    assert f"person={other_user.pk}" in page.text


def test_page_of_a_member_has_no_other_persons_purchases(month, visitor, other_user):
    page = visitor.get(f"/usage/?from=2026-11-01&to=2026-11-30&person={other_user.pk}")

    assert "Nothing was spent" in page.text
    assert "Waits for a decision" not in visitor.get("/usage/?from=2026-11-01&to=2026-11-30").text


def test_page_tells_a_member_no_name_of_a_strange_team_or_token(month, visitor, staff_client, other_user):
    strange, token = Group.objects.create(name="Secret film"), issue(other_user, "strange robot")[0]
    own = Group.objects.get(name="Shop")

    def page(client, query):
        return client.get(f"/usage/?from=2026-11-01&to=2026-11-30&{query}").text

    assert "Secret film" not in page(visitor, f"team={strange.pk}")
    assert "strange robot" not in page(visitor, f"token={token.line_id}")
    assert "Shop" in page(visitor, f"team={own.pk}")
    assert "Secret film" in page(staff_client, f"team={strange.pk}")


@pytest.mark.postgresql
@in_one_test(
    "query",
    [
        {"from": "soon", "to": "2026-13-40", "person": "x", "team": "9" * 30, "token": "x", "by": "x"},
        {"from": "2026-11-30", "to": "2026-11-01"},
        {"from": "0001-01-01", "to": "9999-12-31"},
        {"from": "2020-01-01", "to": "2026-11-30", "vendor": "\x00", "model": "x" * 500, "content_id": "a\x00b"},
        {"vendor": "a\x00", "model": "a\x00"},
    ],
)
def test_page_takes_what_it_can_of_an_odd_address(query, month, staff_client):
    for path in ("/usage/", "/usage/export.csv"):
        reply = staff_client.get(f"{path}?{urlencode(query)}")
        assert reply.status_code == 200
        assert b"".join(reply) if reply.streaming else reply.text


def test_one_table_can_be_shown_in_full(month, staff_client):
    days = "from=2026-11-01&to=2026-11-30"

    assert "Show everything" in staff_client.get(f"/usage/?{days}&by=content_id").text
    assert "shoe" in staff_client.get(f"/usage/table?{days}&by=content_id").text
    assert staff_client.get(f"/usage/table?{days}&by=day").status_code == 404


def test_export_has_a_line_for_each_purchase_and_no_formulas(month, user, staff_client):
    bought(user, settled=1, content_id="=HYPERLINK(1)")
    bought(user, settled=1, content_id="two\n+3")

    text = b"".join(staff_client.get("/usage/export.csv?from=2026-11-01&to=2026-11-30")).decode("utf-8-sig")

    lines = text.splitlines()
    assert lines[0].startswith("ordered_at,day,task,")
    assert ",'=HYPERLINK(1)," in text
    assert '"\'two\n+3"' in text
    assert "2.000001" not in text
    assert ",0.000001," in text
    assert len(lines) == 1 + 8 + 1


def test_api_sums_by_what_was_asked(month, staff, api, other_user):
    days = "from=2026-11-01&to=2026-11-30"

    everyones = Api(issue(staff, "all", limits=Limits(scopes=tuple(Scope.values)))[1])
    all_of = everyones.get(f"/usage?{days}&by=owner").json()
    own = api.get(f"/usage?{days}&by=vendor").json()

    assert (all_of["currency"], all_of["totals"]["spent"], all_of["totals"]["waits"]) == ("CNY", "2.000001", "4.000000")
    assert {item["label"] for item in all_of["items"]} >= {other_user.get_username()}
    assert [(item["key"], item["spent"], item["renders"]) for item in own["items"]] == [("kling", "2.000001", 3)]
    assert api.get(f"/usage?{days}&content_id=shoe").json()["items"][0]["key"] == "2026-11-15"


@in_one_test(
    "query",
    [
        "",
        "from=2026-11-01",
        "from=2025-01-01&to=2026-11-30",
        "from=2026-11-02&to=2026-11-01",
        "from=2026-11-01&to=2026-11-30&by=hour",
        "from=2026&to=2026",
        "from=2026-11-01T00:00:00Z&to=2026-11-30",
    ],
)
def test_api_refuses_days_that_are_none_or_too_many(query, api):
    assert api.get(f"/usage?{query}").status_code == 422


@pytest.fixture
def renders(user, make_account, settings):
    """Ten renders at a real account: seven videos of 5 s, a refusal for content, one for settings, and a crash."""
    account = make_account("kling", "official-key", "http://127.0.0.1:9")
    account.sandbox = False
    account.save()
    now = timezone.now()
    for number in range(10):
        ends = {"account": account, "created_at": now - timedelta(hours=1), "model": "kling/kling-v3"}
        if number < 7:
            task = make_task(user, status=Status.SUCCEEDED, finished_at=now - timedelta(minutes=50 - number), **ends)
            make_video(user, task=task, favourite=number == 0)
        else:
            code = ["content_rejected", "invalid_params", "generation_failed"][number - 7]
            task = make_task(user, status=Status.FAILED, finished_at=now, error_code=code, **ends)
        bought(user, settled=1 if number < 8 else 0, task_id=task.pk, basis=Basis.USAGE if number < 8 else Basis.NOTHING)
    return account


def test_league_compares_models_by_their_own_renders(renders, user):
    (row,) = league(30)

    assert (row.model, row.renders) == ("kling/kling-v3", 10)
    assert row.cost_per_s == Decimal("0.2286")  # eight paid, 35 s kept
    assert (row.failed, row.rejected, row.invalid) == (0.1, 0.1, 0.1)
    assert row.starred == pytest.approx(1 / 7)
    assert 600 < row.p50_s < row.p95_s < 1200


def test_league_leaves_out_sandboxes_and_figures_of_few_renders(renders, user, visitor, api):
    assert "Kling 3" in visitor.get("/usage/models/").text
    assert api.get("/usage/models?days=90").json()["items"][0]["cost_per_kept_second"] == "0.2286"
    few = make_task(user, status=Status.SUCCEEDED, model="kling/kling-v2-6", account=renders, finished_at=timezone.now())
    make_video(user, task=few)

    rows = {row.model: row for row in league(365)}
    assert rows["kling/kling-v2-6"].renders < ENOUGH
    assert rows["kling/kling-v2-6"].cost_per_s is rows["kling/kling-v2-6"].p50_s is rows["kling/kling-v2-6"].failed is None
