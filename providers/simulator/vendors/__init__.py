"""One module (and its rules) per vendor; a new vendor is added to this list and nowhere else."""

from __future__ import annotations

from providers.simulator.dialect import Vendor
from providers.simulator.site import Site
from providers.simulator.vendors.ark import Ark
from providers.simulator.vendors.ark_models import MODELS_ABROAD
from providers.simulator.vendors.chat import Chat
from providers.simulator.vendors.cogvideox import CogVideoX
from providers.simulator.vendors.dashscope import DashScope
from providers.simulator.vendors.dashscope_models import MODELS_IN_SINGAPORE, MODELS_IN_VIRGINIA
from providers.simulator.vendors.jimeng import Jimeng
from providers.simulator.vendors.kling import Kling
from providers.simulator.vendors.litellm import LiteLLM
from providers.simulator.vendors.minimax import MiniMax
from providers.simulator.vendors.newapi import NewApi
from providers.simulator.vendors.openai_videos import OpenAIVideos
from providers.simulator.vendors.openrouter import OpenRouter
from providers.simulator.vendors.vidu import Vidu
from providers.simulator.vendors.volcvisual import VolcVisual
from providers.simulator.vendors.zhipu import Zhipu
from providers.simulator.vendors.zhipu_rules import MODELS_ABROAD as ZHIPU_MODELS_ABROAD


def all_vendors(site: Site) -> dict[str, Vendor]:
    """Return the vendors by host, the path segment after `/hosts/`."""
    return {
        "kling": Kling(site),
        "dmxapi": Kling(site, host="dmxapi", is_gateway=True),
        "dashscope": DashScope(site),
        "dashscope-intl": DashScope(site, host="dashscope-intl", region="intl", models=MODELS_IN_SINGAPORE),
        "dashscope-us": DashScope(site, host="dashscope-us", region="us", models=MODELS_IN_VIRGINIA),
        "ark": Ark(site),
        "byteplus": Ark(site, host="byteplus", region="intl", models=MODELS_ABROAD),
        "minimax": MiniMax(site),
        "vidu": Vidu(site),
        "openai": OpenAIVideos(site),
        "litellm": LiteLLM(site),
        "openrouter": OpenRouter(site),
        "newapi": NewApi(site),
        "zhipu": Zhipu(site),
        "zai": Zhipu(site, host="zai", models=ZHIPU_MODELS_ABROAD),
        "cogvideox": CogVideoX(site),
        "cogvideox-sync": CogVideoX(site, host="cogvideox-sync", is_waiting=True),
        "jimeng": Jimeng(site),
        "volcvisual": VolcVisual(site),
        "chat": Chat(site),
    }
