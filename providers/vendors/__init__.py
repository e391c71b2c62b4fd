"""The list of vendors: each one's adapter, and every model by name. A new vendor is one package and two lines here."""

from __future__ import annotations

from collections.abc import Callable, ItemsView, Iterator, Mapping, ValuesView

from providers.core.base import Provider
from providers.core.catalog import ModelSpec
from providers.vendors.ark import Ark
from providers.vendors.cogvideox import CogVideoX
from providers.vendors.dashscope import DashScope
from providers.vendors.jimeng import Jimeng
from providers.vendors.kling import Kling
from providers.vendors.minimax import MiniMax
from providers.vendors.openai_videos import OpenAIVideos
from providers.vendors.openrouter import OpenRouter
from providers.vendors.vidu import Vidu
from providers.vendors.volcvisual import VolcVisual
from providers.vendors.zhipu import Zhipu

__all__ = ["ALL_MODELS", "PROVIDERS", "find_model", "models_of"]

VENDORS: tuple[type[Provider], ...] = (Kling, DashScope, Zhipu, VolcVisual, CogVideoX, Jimeng, Ark, MiniMax, Vidu, OpenRouter, OpenAIVideos)

PROVIDERS: Mapping[str, type[Provider]] = {vendor.slug: vendor for vendor in VENDORS}


class Catalog(Mapping[str, ModelSpec]):
    """Every model by its name: those of the vendors' packages, then those that administrators declared."""

    def __init__(self, built_in: Mapping[str, ModelSpec]) -> None:
        self.built_in = built_in
        self.declared: Callable[[], Mapping[str, ModelSpec]] = dict
        """The function that returns the declared models by name, set in `providers/apps.py`: the same mapping until they change."""
        self._merged: tuple[Mapping[str, ModelSpec], dict[str, ModelSpec]] = ({}, dict(built_in))

    def now(self) -> Mapping[str, ModelSpec]:
        """Return all models as they are now."""
        declared, (known, merged) = self.declared(), self._merged
        if declared is not known:
            merged = {**self.built_in, **{name: spec for name, spec in declared.items() if name not in self.built_in}}
            self._merged = (declared, merged)
        return merged

    def __getitem__(self, name: str) -> ModelSpec:
        return self.now()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.now())

    def __len__(self) -> int:
        return len(self.now())

    def items(self) -> ItemsView[str, ModelSpec]:
        """Return all models with their names: one reading for all of them."""
        return self.now().items()

    def values(self) -> ValuesView[ModelSpec]:
        """Return all models: one reading for all of them."""
        return self.now().values()


ALL_MODELS = Catalog({spec.name: spec for vendor in VENDORS for spec in vendor.models.values()})


def models_of(vendor: str) -> Mapping[str, ModelSpec]:
    """Return the models of a vendor by their ids, declared ones too."""
    return {spec.id: spec for spec in ALL_MODELS.values() if spec.provider == vendor}


def find_model(name: str) -> ModelSpec | None:
    """Return the model called `provider/model`, or by the vendor's bare model id while only one vendor uses it."""
    models = ALL_MODELS.now()
    if name in models:
        return models[name]
    same_id = [spec for spec in models.values() if spec.id == name]
    return same_id[0] if len(same_id) == 1 else None
