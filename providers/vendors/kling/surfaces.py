"""Kling's addresses and credentials: the vendor with a JWT made of two keys, the vendor with one API key, and gateways. Data.

Kling developer documents, "API authentication" and "callbacks"; read 2026-11-20.
"""

from __future__ import annotations

from providers.core.base import API_KEY, KEY_PAIR, CredentialField, Sandbox, Surface, Variables, by_slug

__all__ = ["GATEWAY", "SURFACES", "TWO_KEYS"]

GATEWAY = "gateway"
TWO_KEYS = "official-jwt"
GLOBAL_HOST = "https://api-singapore.klingai.com"
HOSTS = "In mainland China: https://api-beijing.klingai.com."
WEBHOOK_SECRET = CredentialField(
    name="webhook_secret",
    label="Webhook secret",
    optional=True,
    help="Only when one exists in Kling's console, where it begins with whsec_: callbacks must then carry its signature.",
)
KEY_SANDBOX = Sandbox(path="/hosts/kling", credentials={"api_key": "sk-sandbox-kling"}, priority=15)
ADDRESS = ("KLING_BASE_URL",)
SECRET = {"webhook_secret": ("KLING_WEBHOOK_SECRET",)}
KEY_VARIABLES = Variables(credentials={"api_key": ("KLING_API_KEY", "KLINGAI_API_KEY"), **SECRET}, address=ADDRESS)
PAIR_VARIABLES = Variables(
    credentials={
        "access_key": ("KLING_ACCESS_KEY", "KLINGAI_ACCESS_KEY"),
        "secret_key": ("KLING_SECRET_KEY", "KLINGAI_SECRET_KEY"),
        **SECRET,
    },
    address=ADDRESS,
)
"""Kling has no SDK. The second names are those of https://github.com/vercel/ai (packages/klingai), the first those of many programs; read
2026-11-29."""
GATEWAY_VARIABLES = Variables(credentials={"api_key": ("DMX_API_TOKEN", "DMXAPI_API_KEY")}, address=("DMXAPI_BASE_URL",))
"""By the gateway's own examples; read 2026-11-29."""
SURFACES = by_slug(
    Surface(
        slug=TWO_KEYS,
        label="Kling, access key and secret key",
        base_url=GLOBAL_HOST,
        credentials=(*KEY_PAIR, WEBHOOK_SECRET),
        help=HOSTS,
        calls_back=True,
        variables=PAIR_VARIABLES,
        sandbox=Sandbox(path="/hosts/kling", credentials={"access_key": "sim-access", "secret_key": "sim-secret"}),
    ),
    Surface(
        slug="official-key",
        label="Kling, API key",
        base_url=GLOBAL_HOST,
        credentials=(API_KEY, WEBHOOK_SECRET),
        help=HOSTS,
        sandbox=KEY_SANDBOX,
        variables=KEY_VARIABLES,
        calls_back=True,
    ),
    Surface(
        slug=GATEWAY,
        label="Gateway (DMXAPI and others)",
        base_url="https://www.dmxapi.cn",
        credentials=(API_KEY,),
        help="The gateway's host alone: /kling is added to every path.",
        variables=GATEWAY_VARIABLES,
        sandbox=Sandbox(path="/hosts/dmxapi", credentials={"api_key": "sk-sandbox-gateway"}, priority=20),
    ),
)
