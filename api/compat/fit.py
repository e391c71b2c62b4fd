"""Finds the options of a model that are nearest to what a client asks for, and reports what was changed or ignored. Pure.

Everything is under the portal's names (`duration_s`, `aspect_ratio`, `with_audio`); a dialect translates its own first. Models give length
and shape in different ways, so `duration_s`, `frames` and `fps` replace one another, and so do `size`, `width_px` with `height_px`,
`resolution` and `aspect_ratio`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from api.compat.choices import choices_of, is_same, nearest, number
from api.compat.picture_shapes import SHAPE, Shape, asked_shape, fitting_shape, shape_of
from providers.core.catalog import InputConflict, ModelSpec, schema_of

__all__ = ["Fit", "fit"]

USUAL_FPS = 8
"""Frames per second of a request that gives none, as of the models whose services count frames."""
TRIES = 200


@dataclass(frozen=True, kw_only=True)
class Fit:
    """Options for a model. `params` are valid with the given images. `changed` has, by the requested option, the requested value and the
    one that is used instead; `ignored` has the requested options that the model does not have.
    """

    params: Mapping[str, Any] = field(default_factory=dict)
    changed: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    ignored: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_exact(self) -> bool:
        """Return whether the model does exactly what was asked."""
        return not self.changed and not self.ignored

    def report(self, names: Mapping[str, str]) -> dict[str, Any]:
        """Return `changed` (with the values that are used instead) and `ignored` for an answer; nothing if the fit is exact. `names`: the
        client's field of each option.
        """
        changed = {names.get(name, name): used for name, (_asked, used) in self.changed.items()}
        ignored = [names.get(name, name) for name in self.ignored]
        return ({"changed": changed} if changed else {}) | ({"ignored": ignored} if ignored else {})


def fit(spec: ModelSpec, asked: Mapping[str, Any], images: Mapping[str, int] | None = None) -> Fit:
    """Return the nearest options of the model. `images` says how many each slot holds. None and empty texts count as not given.

    If the model refuses even the nearest (an image is missing), they are returned anyway, and `create` says why.
    """
    wanted = {name: value for name, value in asked.items() if value is not None and value != ""}
    options: Mapping[str, Mapping[str, Any]] = schema_of(spec.params)["properties"]
    candidates = _candidates(spec, wanted, options)
    params = _valid(spec, candidates, options, {slot: count for slot, count in (images or {}).items() if count})
    changed: dict[str, tuple[Any, Any]] = {}
    ignored: dict[str, Any] = {}
    used = {name: params.get(name, option.get("default")) for name, option in options.items()}
    for name, value in wanted.items():
        if used.get(name) is not None and is_same(value, used[name]):
            continue
        instead = _used_for(name, wanted, used)
        if instead is None:
            ignored[name] = value
        elif not _serves(name, wanted, used):
            changed[name] = (value, instead)
    return Fit(params=params, changed=changed, ignored=ignored)


def _candidates(spec: ModelSpec, wanted: Mapping[str, Any], options: Mapping[str, Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Return by option the values that are like what was asked, the nearest first."""
    found = fitting_shape(wanted, options)
    plain = {name: value for name, value in wanted.items() if name in options and name not in SHAPE}
    length = _length_s(wanted)
    if length is not None and "duration_s" in options:
        plain["duration_s"] = length
        plain.pop("frames", None)
    elif length is not None and "frames" in options and "frames" not in wanted:
        plain["frames"] = length * (spec.params.frames_per_s or number(wanted.get("fps")) or USUAL_FPS)
    for name, value in plain.items():
        if values := nearest(value, options[name], folds=name == "seed"):
            found[name] = values
    return found


def _length_s(wanted: Mapping[str, Any]) -> float | None:
    """Return the requested length in seconds, also if it was given as a number of frames."""
    seconds, frames = number(wanted.get("duration_s")), number(wanted.get("frames"))
    if seconds is not None or frames is None:
        return seconds
    return frames / (number(wanted.get("fps")) or USUAL_FPS)


def _valid(
    spec: ModelSpec, candidates: dict[str, list[Any]], options: Mapping[str, Mapping[str, Any]], images: Mapping[str, int]
) -> dict[str, Any]:
    """Return the first combination of values that the model's rules allow. A refused value is replaced by the next one of its option."""
    tried: set[str] = set(candidates)
    for _try in range(TRIES):
        params = {name: values[0] for name, values in candidates.items()}
        at_fault = _refused(spec, params, images)
        fault = next((name for name in params if name in at_fault), "")
        if fault:
            del candidates[fault][0]
            if not candidates[fault]:
                del candidates[fault]
            continue
        other = next((name for name in sorted(at_fault) if name in options and name not in tried), "")
        if not other:
            return params
        tried.add(other)  # nothing was asked for it, and its default does not fit the rest
        if values := [value for value in choices_of(options[other]) if value != options[other].get("default")]:
            candidates[other] = values
    return {name: values[0] for name, values in candidates.items()}


def _refused(spec: ModelSpec, params: Mapping[str, Any], images: Mapping[str, int]) -> Collection[str]:
    """Return the options that the model refuses. Required options that the client does not know count as given."""
    try:
        spec.params.model_validate({**spec.needed_params, **params}).check_inputs(images)
    except ValidationError as error:
        return {str(item["loc"][0]) for item in error.errors() if item["loc"]}
    except InputConflict as conflict:
        return {conflict.field}
    return ()


def _used_for(name: str, wanted: Mapping[str, Any], used: Mapping[str, Any]) -> Any:
    """Return the value that the model uses for a requested option, as its own options name it; None if it has no such option."""
    if name in SHAPE:
        return shape_of(used, wanted, name)
    if used.get(name) is not None:
        return used[name]
    instead = {"duration_s": "frames", "frames": "duration_s", "fps": "frames" if "duration_s" in wanted else ""}.get(name, "")
    return None if used.get(instead) is None else f"{instead} {used[instead]}"


def _serves(name: str, wanted: Mapping[str, Any], used: Mapping[str, Any]) -> bool:
    """Return whether other options do exactly what this one asked for."""
    if name in SHAPE:
        return Shape.of(used).serves(asked_shape(wanted if name in {"width_px", "height_px"} else {name: wanted[name]}))
    if name not in {"duration_s", "frames"} or used.get(name) is not None:
        return name == "fps" and used.get("fps") is None
    seconds, frames = number(used.get("duration_s")), number(used.get("frames"))
    rate = number(wanted.get("fps")) or USUAL_FPS
    return _length_s(wanted) == (seconds if seconds is not None else (frames or 0) / rate)
