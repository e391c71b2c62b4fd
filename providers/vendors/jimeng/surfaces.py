"""Where Jimeng's web site is reached and with what, and what it allows. Data."""

from __future__ import annotations

from providers.core.base import CredentialField, Limits, Sandbox, Surface
from providers.vendors.jimeng.catalog import WIRE_KEYS
from providers.vendors.jimeng.page import SITE
from providers.vendors.jimeng.release import RELEASE_FIELDS

__all__ = ["SURFACE"]

SURFACE = Surface(
    slug="web",
    label="Jimeng web site, unofficial",
    base_url=SITE,
    credentials=(
        CredentialField(name="cookie", label="Cookie of a signed-in browser; its sessionid is enough"),
        CredentialField(name="sign", label="Sign: computed, none, or 32 characters captured in the browser", secret=False),
        *RELEASE_FIELDS,
    ),
    help=(
        "Not an API that the vendor offers: it may stop working any day. The site renders one video at a time. "
        "A model's name there is its model_req_key; its benefit_type may follow after a colon."
    ),
    names={model: keys.model for model, keys in WIRE_KEYS.items()},
    takes_names=True,
    limits=Limits(max_in_flight=1, polls_per_second=2),
    sandbox=Sandbox(path="/hosts/jimeng", credentials={"cookie": "sessionid=sim-session-000000000000", "sign": "computed"}),
)
