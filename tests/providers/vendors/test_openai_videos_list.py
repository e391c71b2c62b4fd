"""What the list of an OpenAI Videos service proves about a submit whose answer was lost: never which render is ours."""

from datetime import timedelta

import pytest

from providers.core.errors import AuthenticationFailed, ProviderDown, UnexpectedReply, Unsupported
from providers.vendors import ALL_MODELS
from tests.cases import in_one_test
from tests.providers.vendors.vendor_samples import NOON, fixture, make_provider, outcome, reply_of

SPEC = ALL_MODELS["openai-videos/gateway-model"]
VIDEO = fixture("openai_completed")
SENT = int(NOON.timestamp())


def row(name, *, after_s=0, **changes):
    return VIDEO | {"id": name, "created_at": SENT + after_s} | changes


def page(*rows, more=False):
    return reply_of({"object": "list", "data": list(rows), "has_more": more})


def look_up(*replies, known=()):
    service = make_provider("openai-videos")
    return outcome(service, service.look_up("job-1", SPEC, NOON, known), *replies)


def test_list_is_read_newest_first_from_cursor_to_cursor():
    talk = make_provider("openai-videos").look_up("job-1", SPEC, NOON, ())

    first = next(talk)
    second = talk.send(page(row("v-2", after_s=-600), row("v-1", after_s=-900), more=True))

    assert (first.method, first.path, first.billable, first.query) == ("GET", "videos", False, {"limit": 100, "order": "desc"})
    assert second.query == {"limit": 100, "order": "desc", "after": "v-1"}


@in_one_test(
    ("pages", "known"),
    [
        ([page(row("other-task", after_s=3))], ("other-task",)),
        ([page(row("other-task", after_s=3), row("old", after_s=-301))], ("other-task",)),
        ([page(row("other-task", after_s=3), more=True), page(row("old", after_s=-900))], ("other-task",)),
        ([page(row("v-2", after_s=3), more=True), page(row("v-1", after_s=-900))], ("v-1", "v-2")),
    ],
)
def test_absent_is_what_no_unknown_video_of_that_time_can_be(pages, known):
    assert look_up(*pages, known=known) is None


@in_one_test(
    "pages",
    [
        [page(row("v-1", after_s=3))],
        [page(row("v-1", after_s=-299))],
        [page(row("v-1", after_s=3, prompt="something else", model="sora-2", size="720x1280"))],
        [page(row("v-1", created_at=None))],
        [page(row("v-1", created_at="2026-11-20T12:00:00Z"))],
        [page(row("old", after_s=-900), more=True), page(row("v-1", after_s=3))],
    ],
)
def test_unknown_video_of_that_time_is_neither_adopted_nor_passed_over(pages):
    """A gateway may list another model's name or rewritten words, so these prove nothing."""
    assert type(look_up(*pages)) is Unsupported


@pytest.mark.parametrize(
    ("pages", "known"),
    [
        ([page()], ()),
        ([page(row("old", after_s=-301))], ()),
        ([page()], ("v-1",)),
        ([page(row("old", after_s=-900))], ("v-1", "v-2")),
        ([page(row("v-1", after_s=3))], ("v-1", "behind-another-vendor")),
    ],
)
def test_list_that_does_not_have_all_the_accounts_own_videos_proves_nothing(pages, known):
    """LiteLLM 1.110.2 lists the videos of one of its vendors only; others list what is upstream, under other ids, or nothing."""
    assert type(look_up(*pages, known=known)) is Unsupported


def test_list_that_does_not_end_proves_nothing():
    service = make_provider("openai-videos")
    pages = (page(row(f"v-{number}", after_s=-900), more=True) for number in range(50))

    assert type(outcome(service, service.look_up("job-1", SPEC, NOON, ()), *pages)) is Unsupported


@pytest.mark.parametrize("status", [400, 404, 405])
def test_service_without_the_list_cannot_be_asked(status):
    assert type(look_up(reply_of({"error": {"message": "Invalid URL", "code": ""}}, status))) is Unsupported
    assert type(look_up(reply_of(b"<html>", status))) is Unsupported


@in_one_test(
    ("body", "status", "kind"),
    [
        ({"error": {"message": "no", "code": "invalid_api_key"}}, 401, AuthenticationFailed),
        ({"error": {"message": "away"}}, 503, ProviderDown),
        (b"<html>", 200, UnexpectedReply),
        ({"data": None, "has_more": False}, 200, UnexpectedReply),
        ({"data": ["v-1"], "has_more": False}, 200, UnexpectedReply),
        ({"data": [{"created_at": 1}], "has_more": False}, 200, UnexpectedReply),
        ({"data": []}, 200, UnexpectedReply),
    ],
)
def test_answer_that_is_not_a_list_is_asked_for_again(body, status, kind):
    assert type(look_up(reply_of(body, status))) is kind


def test_nothing_is_concluded_once_finished_videos_have_gone_from_the_list():
    assert make_provider("openai-videos").look_up_within == timedelta(minutes=55)
