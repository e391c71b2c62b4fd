"""What a video costs: a model's prices by its options, as one value that a purchase keeps. Pure: no query, no settings.

Amounts are Decimals in the tariff's currency, rounded to 0.000001; an estimate to 0.0001, as tasks keep it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from math import ceil
from typing import Any

from providers.core.catalog import ModelSpec, Params, Tier

__all__ = ["Tariff", "ceiling", "estimate", "made", "price_for", "resolution_made", "short_side_px", "tariff_of", "tariff_read"]

SMALLEST, SMALLEST_ESTIMATE = Decimal("0.000001"), Decimal("0.0001")
USUAL_LENGTH_S = 5
"""Assumed where neither the caller nor the model's options say how long the video will be."""
LONGEST_GIVEN_S = 30
"""The longest video that any model here takes to change or follow: the new video is as long."""
TOKENS = Decimal(1_000_000)
"""How many tokens a price of the unit `token` is for."""
SHORT_SIDES_PX = {"2k": 1440, "4k": 2160}
"""Resolutions whose name is not their short side."""


@dataclass(frozen=True, kw_only=True)
class Tariff:
    """The prices of one model on one day, in one currency. `longest_s` is the longest video that its options allow."""

    currency: str
    tiers: tuple[Tier, ...]
    longest_s: int

    @property
    def base(self) -> Tier:
        """Return the price without conditions; without such a price, the highest."""
        return max(self.tiers, key=lambda tier: (tier.unit != "token", not tier.when, tier.amount))

    def frozen(self) -> dict[str, Any]:
        """Return it as JSON, for a purchase that keeps it: `tariff_read` reads it back."""
        tiers = [{"amount": str(tier.amount), "unit": tier.unit, "when": dict(tier.when)} for tier in self.tiers]
        return {"currency": self.currency, "tiers": tiers, "longest_s": self.longest_s}


def tariff_read(kept: Mapping[str, Any]) -> Tariff:
    """Return the tariff that `Tariff.frozen` made this JSON of."""
    tiers = (Tier(amount=Decimal(tier["amount"]), unit=tier["unit"], when=tier["when"]) for tier in kept["tiers"])
    return Tariff(currency=kept["currency"], tiers=tuple(tiers), longest_s=kept["longest_s"])


def tariff_of(spec: ModelSpec, own: Sequence[Tier] = (), currency: str = "") -> Tariff | None:
    """Return this installation's own prices of the model, in `currency`, or the vendor's list price, or None if neither is known.

    Own prices replace the list as a whole: what they do not cover has no price.
    """
    if own:
        return Tariff(currency=currency, tiers=tuple(own), longest_s=_longest_s(spec))
    if spec.price is None:
        return None
    base = Tier(amount=spec.price.amount, unit=spec.price.unit)
    return Tariff(currency=spec.price.currency, tiers=(base, *spec.price.tiers), longest_s=_longest_s(spec))


def estimate(tariff: Tariff | None, params: Params) -> Decimal | None:
    """Return what one video with these options will probably cost; None where no price holds for them."""
    likely = _cost(tariff, dict(params), _asked_s(params) or USUAL_LENGTH_S)
    return likely.quantize(SMALLEST_ESTIMATE, ROUND_HALF_UP) if likely is not None else None


def ceiling(tariff: Tariff | None, params: Params) -> Decimal | None:
    """Return what one video with these options can cost at most, by what is asked: where the model chooses the length, its longest."""
    if tariff is None:
        return None
    values = dict(params)
    is_open = values.get("duration_auto") or (params.continues and values.get(params.continues))
    return _cost(tariff, values, (None if is_open else _asked_s(params)) or tariff.longest_s)


def made(
    tariff: Tariff | None,
    params: Mapping[str, Any],
    *,
    seconds: Decimal | float | None = None,
    tokens: Decimal | float | None = None,
    resolution: str = "",
    videos: int = 1,
) -> Decimal | None:
    """Return what a finished render costs: by `tokens` if they are given, else by `seconds` of all its videos together, or by `videos`.

    `params` are the task's options as rows keep them; `resolution` replaces the requested one. None where no such price holds.
    """
    if tariff is None:
        return None
    values = {**params, "resolution": resolution} if resolution else params
    if tokens is not None:
        tier = _best((tier for tier in tariff.tiers if tier.unit == "token"), values)
        return None if tier is None else _rounded(tier.amount * Decimal(str(tokens)) / TOKENS)
    return _cost(tariff, values, seconds, videos)


def price_for(tariff: Tariff | None, params: Mapping[str, Any]) -> Tier | None:
    """Return the price per second or per video that holds for these options."""
    return _best(_plain(tariff), params) if tariff else None


def resolution_made(spec: ModelSpec, width_px: int, height_px: int) -> str:
    """Return which of the model's resolutions a video of this size is nearest to; empty where the model has no choice of them."""
    choices = spec.json_schema()["properties"].get("resolution", {})
    names = choices.get("enum") or [choices[key] for key in ("const", "default") if isinstance(choices.get(key), str)]
    sides = {name: side for name in names if (side := short_side_px(name))}
    return min(sides, key=lambda name: abs(sides[name] - min(width_px, height_px)), default="")


def short_side_px(resolution: str) -> int:
    """Return the short side that a resolution's name says, 0 for another kind of name: "720p" -> 720."""
    name = resolution.lower()
    return SHORT_SIDES_PX.get(name) or (int(name[:-1]) if name.endswith("p") and name[:-1].isdecimal() else 0)


def _cost(tariff: Tariff | None, values: Mapping[str, Any], seconds: Decimal | float | None, videos: int = 1) -> Decimal | None:
    """Return the cost by the price that holds; None where none does, or where it is per second and the seconds are not known."""
    tier = price_for(tariff, values)
    if tier is None or (tier.unit == "second" and seconds is None):
        return None
    return _rounded(tier.amount * (Decimal(str(seconds)) if tier.unit == "second" else videos))


def _plain(tariff: Tariff) -> Iterable[Tier]:
    return (tier for tier in tariff.tiers if tier.unit != "token")


def _best(tiers: Iterable[Tier], values: Mapping[str, Any]) -> Tier | None:
    """Return the price with most conditions, all of which hold; of several, the highest."""
    fitting = [tier for tier in tiers if all(written(values.get(name)) == text for name, text in tier.when.items())]
    return max(fitting, key=lambda tier: (len(tier.when), tier.amount), default=None)


def written(value: object) -> str:
    """Return an option's value as conditions write it. Of a list, only whether anything is in it."""
    if isinstance(value, (bool, list, tuple)):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _rounded(amount: Decimal) -> Decimal:
    return amount.quantize(SMALLEST, ROUND_HALF_UP)


def _asked_s(params: Params) -> float | None:
    frames = getattr(params, "frames", None) if params.frames_per_s else None
    return frames / params.frames_per_s if frames else getattr(params, "duration_s", None)


def _longest_s(spec: ModelSpec) -> int:
    """Return the longest video that the model's options allow; of a model that changes or follows a given video, the longest of those."""
    options = spec.json_schema()["properties"]
    if "duration_s" not in options:
        return LONGEST_GIVEN_S if options.keys() & {"base_video", "motion_video"} else USUAL_LENGTH_S
    length = options["duration_s"]
    longest: float = length.get("maximum") or max(length.get("enum") or [length.get("const", USUAL_LENGTH_S)])
    return ceil(longest)
