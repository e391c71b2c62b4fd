"""Shots, voices and elements of an order for Kling's classic API: their shapes, and which models take them."""

from __future__ import annotations

from typing import Any, NoReturn

from providers.simulator.dialect import Refused
from providers.simulator.vendors.kling_models import Model

Body = dict[str, Any]
_MAX_SHOTS, _MAX_SHOT_WORDS = 6, 512
_MAX_VOICES, _MAX_ELEMENTS = 2, 3


def invalid(message: str) -> NoReturn:
    raise Refused(400, 1201, message)


def text(given: Body, name: str, at_most: int = 512) -> str:
    value = given.get(name, "")
    if not isinstance(value, str) or len(value) > at_most:
        invalid(f"{name} must be a string of at most {at_most} characters")
    return value


def check_shots(given: Body, model: Model, duration: int) -> None:
    """Check the shots. Without `multi_shot` the fields beside it are ignored. Raise Refused."""
    is_multi = given.get("multi_shot", False)
    if not isinstance(is_multi, bool):
        invalid("multi_shot must be a boolean")
    if not is_multi:
        return
    if not model.has_shots:
        invalid("multi_shot is not supported by this model")
    if given.get("shot_type") not in {"customize", "intelligence"}:
        invalid("shot_type must be customize or intelligence")
    if given["shot_type"] == "customize":
        _check_own_shots(given.get("multi_prompt"), duration)


def _check_own_shots(shots: object, duration: int) -> None:
    if not isinstance(shots, list) or not 1 <= len(shots) <= _MAX_SHOTS or not all(isinstance(shot, dict) for shot in shots):
        invalid(f"multi_prompt must be a list of 1 to {_MAX_SHOTS} shots")
    if [shot.get("index") for shot in shots] != list(range(1, len(shots) + 1)):
        invalid("multi_prompt: index must count from 1")
    for shot in shots:
        if not text(shot, "prompt", _MAX_SHOT_WORDS):
            invalid("multi_prompt: prompt is required")
        if not isinstance(shot.get("duration"), str) or not shot["duration"].isdecimal() or int(shot["duration"]) < 1:
            invalid("multi_prompt: duration must be a string of whole seconds")
    if sum(int(shot["duration"]) for shot in shots) != duration:
        invalid("multi_prompt: the durations must sum up to the video's")


def check_voices_and_elements(kind: str, given: Body, model: Model) -> None:
    voices, elements = _entries(given, "voice_list", "voice_id", _MAX_VOICES), _entries(given, "element_list", "element_id", _MAX_ELEMENTS)
    if voices and elements:
        invalid("element_list and voice_list exclude each other")
    if voices and (not model.sound_modes or given.get("sound") != "on"):
        invalid("voice_list needs a model with sound, and sound on")
    if elements and not (model.has_shots and kind == "image2video"):
        invalid("element_list is not supported by this model or without an image")


def _entries(given: Body, name: str, inner: str, at_most: int) -> list[Body]:
    """Return the entries of a list: voices have strings as ids, elements numbers. Raise Refused."""
    entries, kind = given.get(name, []), str if inner == "voice_id" else int
    if not isinstance(entries, list) or len(entries) > at_most:
        invalid(f"{name} must be a list of at most {at_most}")
    if not all(isinstance(entry, dict) and entry.keys() == {inner} and isinstance(entry[inner], kind) for entry in entries):
        invalid(f"{name}: each must have {inner}, a {kind.__name__}")
    return entries
