"""The body of a submit to Jimeng's web site: the older request of the first generation, and the draft of the newer ones. Pure.

Undocumented by the vendor: the names that its web page sends, as known on 2026-11-20.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any
from uuid import UUID, uuid5

from providers.core.types import GenerationRequest
from providers.vendors.jimeng.catalog import WireKeys
from providers.vendors.jimeng.surfaces import Release

__all__ = ["draft_body", "draft_query", "generate_body", "submit_id_of"]

OLDEST_DRAFT = "3.0.5"
FROM_WORDS = 2
WEB = 3
IDS = UUID("5b8f5f0e-6a0f-4a53-9a5e-0d8a8f3a1c77")


def submit_id_of(reference: str) -> str:
    """Return a UUID like the page's, which follows from our reference, so that the vendor can be asked about it."""
    return _id(reference, "submit")


def generate_body(request: GenerationRequest, keys: WireKeys, release: Release) -> dict[str, Any]:
    """Return the body for `generate_video`."""
    submit_id = submit_id_of(request.reference)
    extra = {**_origin(request), "originTemplateId": "", "imageNameMapping": {}, "isUseAiGenPrompt": False, "batchNumber": 1}
    return {
        "submit_id": submit_id,
        "task_extra": json.dumps(extra),
        "http_common_info": {"aid": release.app_id},
        "input": {
            **_shape(request),
            "video_gen_inputs": [{**_scene(request), "template_id": ""}],
            "priority": 0,
            "model_req_key": keys.model,
        },
        "mode": "workbench",
        "history_option": {},
        "commerce_info": _commerce(keys.benefit),
        "client_trace_data": {},
    }


def draft_body(request: GenerationRequest, keys: WireKeys, release: Release) -> dict[str, Any]:
    """Return the body for `aigc_draft/generate`, which takes the draft itself as text."""
    commerce = _commerce(keys.benefit)
    return {
        "extend": {"root_model": keys.model, "m_video_commerce_info": commerce, "m_video_commerce_info_list": [commerce]},
        "submit_id": submit_id_of(request.reference),
        "metrics_extra": json.dumps(_metrics(request)),
        "draft_content": json.dumps(_draft(request, keys.model, release.draft_version), ensure_ascii=False),
        "http_common_info": {"aid": release.app_id},
    }


def draft_query(release: Release, web_id: str) -> dict[str, str | int]:
    """Return the query that goes with a draft."""
    return {
        "aid": release.app_id,
        "device_platform": "web",
        "region": "cn",
        "webId": web_id,
        "da_version": release.draft_version,
        "os": "windows",
        "web_component_open_flag": 1,
        "web_version": release.web_version,
        "aigc_features": "app_lip_sync",
    }


def _draft(request: GenerationRequest, model: str, version: str) -> dict[str, Any]:
    component_id = _id(request.reference, "component")
    return {
        "type": "draft",
        "id": _id(request.reference, "draft"),
        "version": version,
        "min_version": OLDEST_DRAFT,
        "is_from_tsn": True,
        "main_component_id": component_id,
        "component_list": [
            {
                "type": "video_base_component",
                "id": component_id,
                "min_version": "1.0.0",
                "metadata": {"type": "", "id": _id(request.reference, "metadata"), "created_platform": WEB},
                "generate_type": "gen_video",
                "aigc_mode": "workbench",
                "abilities": {"type": "", "id": _id(request.reference, "abilities"), "gen_video": _gen_video(request, model)},
            }
        ],
    }


def _gen_video(request: GenerationRequest, model: str) -> dict[str, Any]:
    scene = {**_scene(request), "id": _id(request.reference, "scene"), "min_version": OLDEST_DRAFT, "type": "", "idip_meta_list": []}
    return {
        "type": "",
        "id": _id(request.reference, "gen_video"),
        "text_to_video_params": {
            "type": "",
            "id": _id(request.reference, "params"),
            "video_gen_inputs": [scene],
            **_shape(request),
            "model_req_key": model,
            "priority": 0,
        },
        "video_task_extra": json.dumps(_metrics(request)),
    }


def _scene(request: GenerationRequest) -> dict[str, Any]:
    values = request.params.model_dump()
    scene = {"prompt": request.prompt, "fps": values["fps"], "duration_ms": values["duration_s"] * 1000, "video_mode": FROM_WORDS}
    return {**scene, "resolution": values["resolution"]} if "resolution" in values else scene


def _shape(request: GenerationRequest) -> dict[str, Any]:
    values = request.params.model_dump()
    seed = values["seed"]
    if seed is None:  # the vendor requires one: chosen by chance, the same for the same reference
        seed = int.from_bytes(hashlib.sha256(request.reference.encode()).digest()[:4], "big")
    return {"video_aspect_ratio": values["aspect_ratio"], "seed": seed}


def _origin(request: GenerationRequest) -> dict[str, Any]:
    chance = request.params.model_dump()["seed"] is None
    return {"promptSource": "custom", "originSubmitId": submit_id_of(request.reference), "isDefaultSeed": int(chance)}


def _metrics(request: GenerationRequest) -> dict[str, Any]:
    return {**_origin(request), "isRegenerate": False, "enterFrom": "click"}


def _commerce(benefit: str) -> dict[str, str]:
    return {"resource_id": "generate_video", "resource_id_type": "str", "resource_sub_type": "aigc", "benefit_type": benefit}


def _id(reference: str, part: str) -> str:
    return str(uuid5(IDS, f"{reference}/{part}"))
