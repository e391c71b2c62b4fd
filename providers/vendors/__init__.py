"""The list of vendors: each one's adapter, and every model by name. A new vendor is one package and two lines here."""

from __future__ import annotations

from collections.abc import Mapping

from providers.core.base import Provider
from providers.core.catalog import ModelSpec
from providers.vendors.ark import Ark
from providers.vendors.cogvideox import CogVideoX
from providers.vendors.dashscope import DashScope
from providers.vendors.jimeng import Jimeng
from providers.vendors.kling import Kling
from providers.vendors.minimax import MiniMax
from providers.vendors.openai_videos import OpenAIVideos
from providers.vendors.vidu import Vidu
from providers.vendors.volcvisual import VolcVisual
from providers.vendors.zhipu import Zhipu

__all__ = ["ALL_MODELS", "PROVIDERS", "find_model"]

VENDORS: tuple[type[Provider], ...] = (Kling, DashScope, Zhipu, VolcVisual, CogVideoX, Jimeng, Ark, MiniMax, Vidu, OpenAIVideos)

PROVIDERS: Mapping[str, type[Provider]] = {vendor.slug: vendor for vendor in VENDORS}
ALL_MODELS: Mapping[str, ModelSpec] = {spec.name: spec for vendor in VENDORS for spec in vendor.models.values()}


def find_model(name: str) -> ModelSpec | None:
    """Return the model called `provider/model`, or by the vendor's bare model id while only one vendor uses it."""
    if name in ALL_MODELS:
        return ALL_MODELS[name]
    same_id = [spec for spec in ALL_MODELS.values() if spec.id == name]
    return same_id[0] if len(same_id) == 1 else None
