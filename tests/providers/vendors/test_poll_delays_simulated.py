"""How long vendors ask us to wait before the next poll, over real HTTP against the simulator."""

from datetime import timedelta

import pytest

from tests.providers.vendors.simulated_surfaces import client_at, first_surface
from tests.providers.vendors.vendor_samples import make_request

WITH_TIERS = "ark/doubao-seedance-1-0-pro-250528"


@pytest.mark.parametrize(
    ("model", "params", "delay"),
    [
        ("jimeng/seedance-2.0", {}, timedelta(seconds=30)),
        ("jimeng/jimeng-video-2.0", {}, None),
        (WITH_TIERS, {"service_tier": "flex"}, timedelta(seconds=60)),
        (WITH_TIERS, {}, None),
        ("openai-videos/gateway-model", {}, timedelta(seconds=20)),
        ("kling/kling-v2-5-turbo", {}, None),
    ],
)
def test_snapshot_carries_the_vendors_delay_where_it_has_one(simulator, model, params, delay):
    simulator.settings(queue_s=0, render_s=3600, poll_after_s=20)
    slug = model.partition("/")[0]
    client = client_at(simulator, "official-key" if slug == "kling" else first_surface(slug))

    snapshot = client.poll(client.submit(make_request(model, **params)))

    assert snapshot.ask_again_after == delay
