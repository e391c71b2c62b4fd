"""Kling's classic models: what each takes. Data only."""

from __future__ import annotations

from dataclasses import dataclass

_FIVE_OR_TEN = frozenset({"5", "10"})


@dataclass(frozen=True, kw_only=True)
class Model:
    kinds: frozenset[str] = frozenset({"text2video", "image2video"})
    modes: tuple[str, ...] = ("std", "pro")
    """The first is the default."""
    durations: frozenset[str] = _FIVE_OR_TEN
    tail_modes: frozenset[str] = frozenset()
    """Modes that take a last frame with a first."""
    lone_tail_modes: frozenset[str] = frozenset()
    """Modes that also take a last frame alone."""
    tail_durations: frozenset[str] = frozenset(str(seconds) for seconds in range(3, 16))
    """With a last frame, only these of `durations`."""
    is_steerable: bool = True
    """Takes cfg_scale and camera_control, as the models before v2 do."""
    sound_modes: frozenset[str] = frozenset()
    mask_modes: frozenset[str] = frozenset()
    """Modes that take motion brushes."""
    has_shots: bool = False
    """Takes shots written by the caller, and elements with an image; an image always needs a prompt."""


_ONLY_IMAGE = frozenset({"image2video"})
_PRO = frozenset({"pro"})
_ALL = frozenset({"std", "pro", "4k"})
MODELS = {
    "kling-v1": Model(tail_modes=frozenset({"std", "pro"}), tail_durations=frozenset({"5"})),
    "kling-v1-5": Model(kinds=_ONLY_IMAGE, tail_modes=_PRO, lone_tail_modes=_PRO, mask_modes=_PRO),
    "kling-v1-6": Model(kinds=frozenset({"text2video", "image2video", "multi-image2video"}), tail_modes=_PRO, lone_tail_modes=_PRO),
    "kling-v2-master": Model(modes=("std", "pro"), is_steerable=False),
    "kling-v2-1": Model(kinds=_ONLY_IMAGE, tail_modes=_PRO, is_steerable=False),
    "kling-v2-1-master": Model(modes=("pro",), is_steerable=False),
    "kling-v2-5-turbo": Model(tail_modes=_PRO, is_steerable=False),
    "kling-v2-6": Model(tail_modes=_PRO, sound_modes=_PRO, is_steerable=False),
    "kling-v3": Model(
        modes=("std", "pro", "4k"),
        durations=frozenset(str(seconds) for seconds in range(3, 16)),
        tail_modes=_ALL,
        sound_modes=_ALL,
        has_shots=True,
    ),
}
