"""What vendors call models: another name at another surface, and names of an account's own; in the request and in lists."""

from __future__ import annotations

import pytest

from providers.core.errors import Refused, Unsupported
from providers.core.types import State
from providers.vendors import ALL_MODELS, PROVIDERS
from tests.cases import in_one_test
from tests.providers.vendors.simulated_surfaces import SIMULATED, client_at, paid
from tests.providers.vendors.vendor_samples import NOON, asked, make_provider, make_request, outcome, reply_of, said

SURFACES = [(slug, surface) for slug, provider in PROVIDERS.items() for surface in provider.surfaces.values()]
ONE_NAME = [(slug, surface) for slug, surface in SURFACES if slug != "jimeng"]
"""Jimeng's site wants a pair of names: test_jimeng_account.py."""
NAMING = [(slug, surface.slug) for slug, surface in ONE_NAME if surface.takes_names]
RENAMED = [(slug, surface.slug, ours, theirs) for slug, surface in ONE_NAME for ours, theirs in surface.names.items()]
SEEDANCE, WAN = "doubao-seedance-1-0-pro-250528", "wanx2.1-t2v-turbo"


def test_surfaces_where_an_account_may_name_models_are_these():
    assert {surface.slug for _slug, surface in SURFACES if surface.takes_names} == {
        "web",
        *("beijing", "singapore", "us", "hongkong"),
        *("volcengine", "byteplus"),
    }


@pytest.mark.parametrize(("slug", "surface"), [(slug, surface) for slug, surface in SURFACES if surface.names])
def test_names_are_of_models_that_are_there_and_no_two_share_one(slug, surface):
    models = PROVIDERS[slug].models
    called = [surface.names.get(spec.id, spec.id) for spec in models.values()]

    assert [ours for ours in surface.names if not models[ours].is_at(surface.slug)] == []
    assert len(called) == len(set(called))


@in_one_test(("slug", "surface", "ours", "theirs"), RENAMED)
def test_request_says_what_the_vendor_calls_the_model_there(slug, surface, ours, theirs):
    request = make_request(f"{slug}/{ours}")
    elsewhere = [one.slug for one in PROVIDERS[slug].surfaces.values() if ours not in one.names]

    assert asked(make_provider(slug, surface), request).json["model"] == theirs
    assert {asked(make_provider(slug, other), request).json["model"] for other in elsewhere} == {ours}


@in_one_test(("slug", "surface"), NAMING)
def test_accounts_own_name_overrides_others_and_changes_nothing_else(slug, surface):
    for spec in PROVIDERS[slug].models.values():
        plain = asked(make_provider(slug, surface), make_request(spec.name))
        named = asked(make_provider(slug, surface, names={spec.id: "ep-20260101-abcde"}), make_request(spec.name))

        assert named.json == plain.json | {"model": "ep-20260101-abcde"}
        assert named.path == plain.path


def test_name_of_another_model_changes_nothing():
    request = make_request(f"dashscope/{WAN}")

    assert said(make_provider("dashscope", names={"wan2.6-t2v": "wan-x"}), request) == said(make_provider("dashscope"), request)


@pytest.mark.parametrize("surface", ["singapore", "us", "byteplus"])
def test_region_has_the_models_that_are_offered_there_by_these_names_and_no_others(simulator, surface):
    client, models = client_at(simulator, surface), PROVIDERS[SIMULATED[surface][0]].models.values()
    there, refused = {}, set()

    for spec in models:
        # Virginia has wan2.6-t2v, but not with the lengths that are offered elsewhere
        request = make_request(spec.name, **({"duration_s": 7} if (spec.id, surface) == ("wan2.6-t2v", "us") else {}))
        try:
            there[spec.id] = client.submit(request)
        except Refused:
            refused.add(spec.id)
        simulator.advance(60)

    assert there.keys() == {spec.id for spec in models if spec.is_at(surface)}
    assert refused == {spec.id for spec in models if not spec.is_at(surface)}
    assert {client.poll(submission).state for submission in there.values()} == {State.SUCCEEDED}
    assert paid(simulator) == len(there)


def test_custom_endpoint_renders(simulator):
    client = client_at(simulator, "volcengine", names={SEEDANCE: "ep-20260101-abcde"})

    submission = client.submit(make_request(f"ark/{SEEDANCE}"))
    simulator.advance(60)

    assert client.poll(submission).state is State.SUCCEEDED
    assert simulator.ledger()["entries"][0]["model"] == "ep-20260101-abcde"


def listed(provider, model: str, name: object):
    """What a look-up comes to, when the vendor's list has one task, of this name and of the time in question."""
    if provider.slug == "ark":
        row = {"id": "cgt-1", "model": name, "created_at": int(NOON.timestamp())}
        page = {"items": [row], "total": 1}
    else:
        row = {"task_id": "t-1", "model_name": name, "gmt_create": int(NOON.timestamp() * 1000)}
        page = {"data": [row], "total": 1}
    return outcome(provider, provider.look_up("job-1", ALL_MODELS[f"{provider.slug}/{model}"], NOON, ()), reply_of(page))


@in_one_test(
    ("slug", "surface", "model", "name", "is_another"),
    [
        ("ark", "byteplus", SEEDANCE, "dreamina-seedance-2-0-260128", True),
        ("ark", "byteplus", SEEDANCE, "seedance-1-0-pro-250528", False),
        ("ark", "byteplus", SEEDANCE, "doubao-seedance-2-0-260128", False),
        ("dashscope", "singapore", WAN, "wan2.1-i2v-turbo", True),
        ("dashscope", "singapore", WAN, "wan2.1-t2v-turbo", False),
        ("dashscope", "singapore", WAN, "wanx2.1-i2v-turbo", False),
    ],
)
def test_list_is_read_by_the_names_that_the_vendor_has_there(slug, surface, model, name, is_another):
    found = listed(make_provider(slug, surface), model, name)

    assert (found is None, type(found) is Unsupported) == (is_another, not is_another)


@pytest.mark.parametrize(("slug", "model", "other"), [("ark", SEEDANCE, "doubao-seedance-2-0-260128"), ("dashscope", WAN, "wan2.6-t2v")])
def test_behind_an_accounts_own_name_any_listed_task_may_be_ours(slug, model, other):
    assert listed(make_provider(slug), model, other) is None
    assert type(listed(make_provider(slug, names={model: "ep-20260101-abcde"}), model, other)) is Unsupported
