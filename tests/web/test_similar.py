"""The Studio and the API say that there is such a video already. Neither stops an order."""

from __future__ import annotations

from generation.lifecycle import Status
from generation.models import GenerationTask
from generation.ordering.fingerprint import fingerprint
from providers.vendors import ALL_MODELS
from tests.api.conftest import Api, api  # noqa: F401 - a fixture
from tests.task_rows import make_task
from tests.web.page_rows import WAN, make_video

FOX = "a red fox runs across the fresh snow"


def rendered(owner, account, prompt=FOX, **params):
    spec = ALL_MODELS[WAN]
    options = spec.params(**(dict(spec.needed_params) | params)).model_dump(mode="json")
    task = make_task(
        owner,
        status=Status.SUCCEEDED,
        prompt=prompt,
        model=WAN,
        params=options,
        account=account,
        inputs_given={},
        fingerprint=fingerprint(WAN, options, prompt, {}),
    )
    return make_video(owner, task=task, prompt=prompt)


def test_the_studio_offers_it_beside_the_cost(visitor, user, wan):
    sent = {"model": WAN, "prompt": FOX, "count": "1"}
    visitor.post("/studio/", sent)
    ordered = GenerationTask.objects.get()
    video = rendered(user, wan, **ordered.params)

    said = visitor.post("/studio/quote/", sent).text
    near = visitor.post("/studio/quote/", sent | {"prompt": FOX.upper() + " again"}).text

    assert "You have this already." in said
    assert f'href="/videos/{video.pk}/"' in said
    assert f"/videos/{video.pk}/poster.webp" in said
    assert "You have something like this." in near
    for other in ({"prompt": "a blue boat"}, {"prompt": ""}):
        assert "You have" not in visitor.post("/studio/quote/", sent | other).text
    assert 'hx-trigger="load, input' in visitor.get(f"/studio/?from={video.pk}").text, "Remix asks as it opens"
    visitor.post("/studio/", sent | {"count": "2"})
    assert GenerationTask.objects.filter(status=Status.QUEUED).count() == 3


def test_the_api_says_what_is_alike(api: Api, user, wan):  # noqa: F811
    video = rendered(user, wan)
    near = rendered(user, wan, "a red fox runs across fresh snow")

    said = api.post("/tasks/similar", {"model": WAN, "prompt": FOX}).json()["items"]

    assert [(one["video"]["id"], one["prompt"], one["is_same"]) for one in said] == [
        (str(video.pk), FOX, True),
        (str(near.pk), "a red fox runs across fresh snow", False),
    ]
    assert (said[0]["likeness"], 0.8 <= said[1]["likeness"] < 1) == (1, True)
    assert api.post("/tasks/similar", {"model": WAN, "prompt": "a blue boat"}).json() == {"items": []}
    assert api.post("/tasks/similar", {"model": WAN, "prompt": ""}).status_code == 422
    assert api.post("/tasks/similar", {"model": "nobody/knows", "prompt": FOX}).status_code == 422
