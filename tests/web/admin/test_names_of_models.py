"""Names of an account's own for models: typed in line by line, refused line by line, and what they open."""

from __future__ import annotations

import pytest

from generation.lifecycle import Status
from providers.accounts.clients import provider_for
from providers.accounts.system_checks import accounts_can_be_used
from providers.models import ProviderAccount
from providers.vendors import ALL_MODELS, PROVIDERS
from tests.task_rows import create_task
from tests.web.admin.account_fields import LIMITS, USE

LIST = "/admin/providers/provideraccount/"
SEEDANCE, LITE = "doubao-seedance-1-0-pro-250528", "doubao-seedance-1-0-lite-t2v-250428"
FORM = {
    "label": "ours",
    "base_url": "https://vendor.example/api/v3",
    "credential_api_key": "sk-canary-1234567890",
    **USE,
    **LIMITS,
}


def add(staff_client, names: str, vendor: str = "ark", surface: str = "volcengine", **fields):
    return staff_client.post(f"{LIST}add/?vendor={vendor}&surface={surface}", {**FORM, "model_names": names, **fields})


def form_of(reply):
    return reply.context["adminform"].form


@pytest.mark.parametrize(("vendor", "surface"), [(slug, one) for slug, provider in PROVIDERS.items() for one in provider.surfaces.values()])
def test_form_asks_for_names_where_the_surface_takes_them(staff_client, db, vendor, surface):
    form = form_of(staff_client.get(f"{LIST}add/?vendor={vendor}&surface={surface.slug}"))

    assert ("model_names" in form.fields) is surface.takes_names


def test_names_are_kept_used_and_shown_again(staff_client, db):
    add(staff_client, f" {SEEDANCE} = ep-20260101-abcde \r\n\r\nark/{LITE}=ep-2")

    account = ProviderAccount.objects.get()
    assert account.model_names == {SEEDANCE: "ep-20260101-abcde", LITE: "ep-2"}
    assert provider_for(account).name_of(SEEDANCE) == "ep-20260101-abcde"
    shown = form_of(staff_client.get(f"{LIST}{account.pk}/change/"))["model_names"].value()
    assert shown == f"{SEEDANCE} = ep-20260101-abcde\n{LITE} = ep-2"


def test_names_can_be_taken_away_again(staff_client, db):
    add(staff_client, f"{SEEDANCE} = ep-1")
    account = ProviderAccount.objects.get()

    staff_client.post(f"{LIST}{account.pk}/change/", {**FORM, "credential_api_key": "", "model_names": ""})

    account.refresh_from_db()
    assert account.model_names == {}


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("ep-1", "Line 2: write a model, an equals sign and its name."),
        ("seedance = ep-1", "Line 2: there is no model “seedance”. The models are: doubao-seedance-2-5-260628, "),
        (f"{LITE} =", f"Line 2: the name of “{LITE}” is missing."),
        (f"{LITE} = ep 1", "Line 2: “ep 1” is not a valid name. Use letters, digits and . _ : / -, at most 128."),
        (f"{LITE} = {'e' * 129}", "is not a valid name"),
        (f"{LITE} = <b>", "Line 2: “<b>” is not a valid name"),
        (f"{SEEDANCE} = ep-2", f"Line 2: “{SEEDANCE}” has a name already."),
        (f"{LITE} = ep-1", f"Line 2: “ep-1” is the name of another model, {SEEDANCE}."),
        (f"{LITE} = doubao-seedance-2-0-260128", "is the name of another model, doubao-seedance-2-0-260128."),
    ],
)
def test_line_that_cannot_be_used_says_why_and_nothing_is_stored(staff_client, db, line, complaint):
    reply = add(staff_client, f"{SEEDANCE} = ep-1\n{line}")

    [words] = form_of(reply).errors["model_names"]
    assert complaint in words
    assert not ProviderAccount.objects.exists()
    assert line.partition("=")[0].strip() in form_of(reply)["model_names"].value()


def test_every_wrong_line_is_named(staff_client, db):
    assert len(form_of(add(staff_client, "one\ntwo")).errors["model_names"]) == 2


def test_name_that_another_model_has_at_this_surface_is_refused(staff_client, db):
    reply = add(staff_client, f"{SEEDANCE} = dreamina-seedance-2-0-260128", surface="byteplus")

    assert "is the name of another model, doubao-seedance-2-0-260128." in form_of(reply).errors["model_names"][0]


def test_model_that_is_not_known_to_be_there_needs_a_name(staff_client, db):
    lite = ALL_MODELS[f"ark/{LITE}"]
    refused = add(staff_client, "", surface="byteplus", models_allowed=[LITE])
    add(staff_client, f"{LITE} = ep-1", surface="byteplus", models_allowed=[LITE])
    account = ProviderAccount.objects.get()

    assert form_of(refused).errors["models_allowed"] == [
        "“Seedance 1.0 Lite” is not known to be there. Write its name at the vendor below, or untick it."
    ]
    assert account.models_offered() == [lite.name]
    account.model_names = {}
    assert not account.offers(lite)


def test_surface_offers_what_it_is_known_to_have_and_what_the_account_names(staff_client, db):
    add(staff_client, "wan2.6-t2v = wan2.6-t2v", "dashscope", "hongkong")

    offered = ProviderAccount.objects.get().models_offered()
    assert sorted(offered) == ["dashscope/wan2.6-t2v", "dashscope/wan3.0-video", "dashscope/wan3.0-video-prime"]


def test_enabled_account_that_offers_no_model_is_reported(make_account):
    only = {"models_allowed": ["wan2.6-t2v"]}
    account = make_account("dashscope", "hongkong", "https://cn-hongkong.dashscope.aliyuncs.com/api/v1", label="empty", **only)
    make_account("dashscope", "hongkong", account.base_url, label="named", model_names={"wan2.6-t2v": "wan2.6-t2v"}, **only)
    make_account("dashscope", "hongkong", account.base_url, label="off", enabled=False, **only)

    assert [(found.id, found.msg) for found in accounts_can_be_used(None, ["default"])] == [
        ("providers.W002", "Account “empty” offers no model.")
    ]


def test_task_is_rendered_by_the_endpoint_that_the_account_names(user, driver):
    ProviderAccount.objects.filter(vendor="ark").exclude(surface="volcengine").delete()
    ProviderAccount.objects.filter(vendor="ark").update(model_names={SEEDANCE: "ep-20260101-abcde"})

    done = driver.finish(create_task(owner=user, model=f"ark/{SEEDANCE}", prompt="a boat", params={}))

    assert done.status == Status.SUCCEEDED
    assert [entry["model"] for entry in driver.simulator.ledger()["entries"]] == ["ep-20260101-abcde"]
