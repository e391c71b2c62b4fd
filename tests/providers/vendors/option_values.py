"""Values to try an option with: every choice, both ends of a range, and what must be set beside it."""

from typing import Any, get_args

from annotated_types import Ge, Le

from providers.core.catalog import InputConflict
from tests.providers.vendors.vendor_samples import needed_slots

SETTING: dict[tuple[str, str], dict[str, Any]] = {
    ("kling/kling-v1", "camera"): {"camera_amount": 3.0},
    ("kling/kling-v1", "camera_axis"): {"camera": "simple", "camera_amount": 3.0},
    ("kling/kling-v1", "camera_amount"): {"camera": "simple"},
    ("kling/kling-v2-6", "with_audio"): {"mode": "pro"},
    ("ark/doubao-seedance-1-5-pro-251215", "draft"): {"resolution": "480p"},
    ("ark/doubao-seedance-2-5-260628", "draft"): {"resolution": "480p"},
    ("ark/doubao-seedance-2-5-260628", "final_of"): {"resolution": "1080p"},
    ("ark/doubao-seedance-2-5-260628", "reference_use"): {"reference_videos": ["https://files.example/walk.mp4"], "duration_auto": True},
    ("kling/kling-2.6", "with_audio"): {"resolution": "1080p"},
    ("kling/kling-v2-6", "voice_ids"): {"with_audio": True, "mode": "pro"},
    ("kling/kling-v3", "voice_ids"): {"with_audio": True},
    ("kling/kling-v1-5", "paths"): {"mode": "pro"},
    ("kling/kling-3.0-omni", "keep_sound"): {"base_video": "https://files.example/walk.mp4", "multi_shot": False},
    ("kling/kling-3.0-omni", "base_video"): {"multi_shot": False},
    ("kling/kling-o1", "keep_sound"): {"base_video": "https://files.example/walk.mp4"},
    ("dashscope/minimax-h3", "last_image"): {"first_image": "https://files.example/cat.jpg"},
    ("dashscope/minimax-h3", "reference_sounds"): {"reference_images": ["https://files.example/cat.jpg"]},
    ("dashscope/minimax-h3", "aspect_ratio"): {"reference_images": ["https://files.example/cat.jpg"]},
}
"""What else must be set so that an option may be set at all."""

BESIDE: dict[tuple[str, str], dict[str, Any]] = {
    ("kling/kling-v1-5", "static_mask"): {"mode": "pro"},
    ("kling/kling-v1-5", "dynamic_masks"): {"mode": "pro", "paths": ["10,20 30,40"]},
}
"""What must be set so that a slot may be filled at all."""

SAID_WITH: dict[tuple[str, str], str] = {
    ("kling/kling-v1-5", "paths"): "dynamic_masks",
    ("kling/kling-3.0", "elements"): "first_frame",
    ("vidu/viduq2-pro", "aspect_ratio"): "references",
}
"""Options that are sent only together with an image."""

PROMPTS: dict[tuple[str, str], str] = {
    (f"kling/kling-{model}", "elements"): "@cat runs" for model in ("3.0", "3.0-omni", "o1", "3.0-motion-control")
}
"""Options that the prompt must name."""

TEXTS: dict[str, list[Any]] = {"size": ["", "1280x720"], "model_name": ["", "sora-2"], "final_of": ["", "cgt-20261001100000-abcde"]}
"""Two values of options whose text must have a form."""

KNOWN_AT_THE_VENDOR = {("ark/doubao-seedance-2-5-260628", "final_of")}
"""Options that name something that the vendor must have already."""


def values_of(spec, name: str) -> list[Any]:
    """Every choice of a closed option, both ends of a range, something for a text; the option's own examples, where it has some."""
    field = spec.params.model_fields[name]
    if field.examples:
        return field.examples if field.is_required() else [field.default, *field.examples]
    if name in TEXTS:
        return TEXTS[name]
    if choices := [choice for choice in get_args(field.annotation) if not isinstance(choice, type)]:
        return choices
    if field.annotation is bool:
        return [False, True]
    if field.annotation is str:
        return ["", "fog"]
    ends = [rule.ge if isinstance(rule, Ge) else rule.le for rule in field.metadata if isinstance(rule, (Ge, Le))]
    return ends if name == "camera_amount" else [field.default, *ends]


def setting_for(spec, name: str, value: Any) -> dict[str, Any]:
    around = SETTING.get((spec.name, name), {})
    return {name: value} if name == "camera" and value != "simple" else {**around, name: value}


def slots_for(spec, setting: dict[str, Any]) -> tuple[str, ...]:
    """The fewest images that go with these options."""
    needed = needed_slots(spec)
    for slots in (needed, *((*needed, slot.name) for slot in spec.slots), *((slot.name,) for slot in spec.slots), ()):
        try:
            spec.params(**spec.needed_params | setting).check_inputs(dict.fromkeys(slots, 1))
        except InputConflict:
            continue
        return slots
    raise AssertionError(f"{spec.name} takes no images with {setting}")
