"""One example for each operation of the API, by the operation's id. The document shows it; `tests/api/test_examples.py` sends it.

A text such as `{ended_task}` stands for a row that `tests/api/example_world.py` makes; the document shows an id in its place. Parameters of
the path need no example where their name says it: `task_id` is `{task}`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from providers.vendors import ALL_MODELS

__all__ = ["EXAMPLES", "Example", "filled", "shown"]


@dataclass(frozen=True, kw_only=True)
class Example:
    """What is sent, and the status that it is answered with."""

    status: int = 200
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None

    def path_value(self, name: str) -> str:
        """Return the value of this parameter of the path, perhaps a placeholder."""
        return self.path.get(name, f"{{{name.removesuffix('_id')}}}")


MODEL = next(iter(ALL_MODELS.built_in))
OF_MODEL = dict(zip(("provider", "model"), MODEL.split("/", 1), strict=True))
SHOWN = {
    "content": "article 7",
    "image_url": "https://shop.example/fox.jpg",
    "team": "Shop",
    "vendor_id": "cgt-20261129-4711",
    "vendor": MODEL.partition("/")[0],
    "bill_in_base64": "VGFzayBJRCxUaW1lLEFtb3VudApjZ3QtNDcxMSwyMDI2LTExLTAzIDEwOjAwLDIuNTAK",
}

EXAMPLES: dict[str, Example] = {
    "list_models": Example(),
    "get_model": Example(path=OF_MODEL),
    "get_model_health": Example(path=OF_MODEL),
    "post_task": Example(
        status=202,
        body={
            "model": MODEL,
            "prompt": "a red fox runs across the snow",
            "content_id": "article 7",
            "external_id": "order-7",
            "collection": "{collection}",
        },
    ),
    "post_similar": Example(body={"model": MODEL, "prompt": "a red fox runs across the snow"}),
    "list_tasks": Example(query={"status": "queued", "q": "fox", "created_after": "2026-11-29T00:00:00+08:00", "limit": "20"}),
    "get_task": Example(),
    "list_task_events": Example(query={"limit": "20"}),
    "cancel_task": Example(),
    "retry_task": Example(status=202, path={"task_id": "{ended_task}"}),
    "share_task": Example(body={"team": "{team}"}),
    "ask_again": Example(path={"task_id": "{task_in_review}"}),
    "adopt_task": Example(path={"task_id": "{task_in_review}"}, body={"vendor_id": "{vendor_id}"}),
    "submit_task_again": Example(path={"task_id": "{task_in_review}"}, body={"knows_cost": True}),
    "give_up_task": Example(path={"task_id": "{task_in_review}"}),
    "post_task_cost": Example(path={"task_id": "{task_that_cost}"}, body={"amount": "3.50", "reason": "typed wrongly"}),
    "list_videos": Example(query={"q": "fox", "shape": "wide", "rating": "4"}),
    "get_video": Example(),
    "patch_video": Example(body={"title": "a red fox, final cut", "starred": True, "rating": 4, "tags": ["fox", "winter"]}),
    "post_bulk": Example(status=201, body={"action": "tag", "videos": ["{video}"], "tags": ["winter"]}),
    "list_bulk": Example(query={"limit": "20"}),
    "get_bulk": Example(),
    "cancel_bulk": Example(),
    "undo_bulk": Example(status=201, path={"bulk_id": "{bulk_to_the_bin}"}),
    "list_collections": Example(query={"limit": "20"}),
    "post_collection": Example(status=201, body={"name": "Spring campaign", "team": "{team}"}),
    "get_collection": Example(),
    "patch_collection": Example(body={"name": "Spring campaign, final", "hidden": True}),
    "delete_collection": Example(status=204),
    "list_collected": Example(query={"limit": "20"}),
    "post_collected": Example(body={"videos": ["{video}"]}),
    "post_collected_remove": Example(body={"videos": ["{video}"]}),
    "post_collected_move": Example(status=204, body={"videos": ["{collected_video}"]}),
    "list_tags": Example(query={"q": "win"}),
    "video_content": Example(query={"variant": "poster"}),
    "post_frame": Example(status=201, path={"video_id": "{real_video}"}, body={"at_s": 0.5}),
    "post_poster": Example(path={"video_id": "{real_video}"}, body={"at_s": 0.5}),
    "post_captions": Example(status=201, body={"language": "zh-Hans", "text": "WEBVTT\n\n00:00.000 --> 00:02.000\n一只狐狸。\n"}),
    "get_captions": Example(path={"video_id": "{captioned_video}"}, query={"language": "en"}),
    "delete_captions_of": Example(status=204, path={"video_id": "{captioned_video}"}, query={"language": "en"}),
    "post_vote": Example(status=201, body={"videos": ["{video}", "{video_of_another_model}"], "winner": "{video}"}),
    "delete_video": Example(status=204),
    "restore_video": Example(path={"video_id": "{video_in_bin}"}),
    "empty_bin": Example(),
    "post_link": Example(
        status=201, body={"label": "for the customer", "expires_in_days": 30, "password": "red fox 7", "may_download": False}
    ),
    "list_links": Example(),
    "delete_link": Example(status=204),
    "post_replace_url": Example(),
    "get_review": Example(),
    "post_review": Example(body={"state": "approved", "note": "The colours are right now.", "seen": "none"}),
    "list_comments": Example(),
    "post_comment": Example(status=201, body={"text": "The logo is cut off here.", "at_s": 3.0}),
    "patch_comment": Example(body={"resolved": True}),
    "delete_comment": Example(status=204),
    "post_content_ids": Example(body={"content_ids": ["article 7", "article 8"]}),
    "get_content": Example(path={"content_id": "{content}"}, query={"limit": "20"}),
    "patch_content": Example(path={"content_id": "{content}"}, body={"chosen": "{video}"}),
    "post_asset": Example(status=201, body={"url": "{image_url}"}),
    "list_assets": Example(query={"kind": "uploads", "limit": "20"}),
    "crop_asset": Example(status=201, body={"left": 0.25, "width": 0.5, "longest_px": 512}),
    "delete_asset": Example(status=204, path={"asset_id": "{unused_asset}"}),
    "enhance_prompt": Example(body={"prompt": "a boy plays football", "model": MODEL}),
    "translate_prompt": Example(body={"prompt": "雪地里的狐狸"}),
    "describe_frame": Example(body={"image": "{asset}", "prompt": "the boat turns"}),
    "plan_content": Example(body={"topics": ["the first snow in Beijing"], "platforms": ["tiktok", "xiaohongshu"], "captions": False}),
    "write_caption": Example(body={"prompt": "a red fox runs across the snow", "platform": "YouTube"}),
    "get_asset": Example(),
    "post_batch": Example(
        status=201,
        body={"name": "lamps", "defaults": {"model": MODEL}, "rows": [{"prompt": "a red lamp", "content_id": "lamp-1"}]},
    ),
    "list_batches": Example(query={"limit": "20"}),
    "get_batch": Example(),
    "list_batch_rows": Example(query={"state": "bad", "limit": "20"}),
    "get_rejected_rows": Example(),
    "accept_batch": Example(body={"good_only": True}),
    "patch_batch": Example(body={"priority": 2, "needed_by": "2026-12-24T09:00:00+08:00"}),
    "pause_batch": Example(path={"batch_id": "{running_batch}"}),
    "resume_batch": Example(path={"batch_id": "{paused_batch}"}),
    "cancel_batch": Example(path={"batch_id": "{running_batch}"}),
    "retry_batch": Example(path={"batch_id": "{failed_batch}"}),
    "batch_results": Example(query={"format": "csv"}),
    "list_presets": Example(),
    "post_preset": Example(
        status=201, body={"name": "product shots", "values": {"model": MODEL, "params": {"duration_s": 5}, "styles": ["commercial"]}}
    ),
    "patch_preset": Example(body={"name": "product shots, long"}),
    "delete_preset": Example(status=204),
    "list_prompts": Example(query={"q": "boat", "limit": "20"}),
    "estimate_variations": Example(body={"models": [MODEL], "prompt": "a red fox", "styles": ["cinematic", "anime"], "takes": 2}),
    "post_variations": Example(
        status=201, body={"models": [MODEL], "prompt": "a red fox", "styles": ["cinematic", "anime"], "takes": 2, "drafts": True}
    ),
    "estimate_finish": Example(path={"task_id": "{draft}"}, body={"model": MODEL}),
    "finish_task": Example(status=201, path={"task_id": "{draft}"}, body={"model": MODEL, "leave_out": True}),
    "list_recurring": Example(query={"limit": "20"}),
    "post_recurring": Example(
        status=201,
        body={
            "name": "new products",
            "url": "https://shop.example/products.csv",
            "at": "02:30",
            "time_zone": "Asia/Shanghai",
            "defaults": {"model": MODEL, "prompt": "a video about {title}"},
            "most_cost": "200",
        },
    ),
    "get_recurring": Example(),
    "patch_recurring": Example(body={"paused": True}),
    "run_recurring": Example(),
    "delete_recurring": Example(status=204),
    "list_tokens": Example(),
    "post_token": Example(
        status=201,
        body={
            "label": "product pages",
            "scopes": ["read", "generate"],
            "rate_per_minute": 600,
            "expires_in_days": 30,
            "budgets": {"month": "500"},
        },
    ),
    "get_own_token": Example(),
    "get_token": Example(),
    "patch_token": Example(body={"label": "product pages", "rate_per_minute": 60, "budgets": {"day": "20"}}),
    "roll_token": Example(status=201, body={"overlap_hours": 24}),
    "revoke_token": Example(status=204),
    "get_usage": Example(query={"from": "2026-11-01", "to": "2026-11-30", "by": "model"}),
    "get_league": Example(query={"days": "90"}),
    "list_prices": Example(query={"model": MODEL}),
    "post_estimate": Example(body={"model": MODEL}),
    "get_preferences": Example(),
    "patch_preferences": Example(body={"language": "zh-hans", "time_zone": "Asia/Shanghai", "paying_team": "{team}"}),
    "list_bills": Example(),
    "post_bill": Example(status=201, body={"vendor": "{vendor}", "file_name": "2026-11.csv", "content": "{bill_in_base64}"}),
    "get_bill": Example(),
    "patch_bill": Example(body={"time_zone": "Asia/Shanghai", "columns": {"amount": 3}, "first": "2026-11-01", "last": "2026-11-30"}),
    "delete_bill": Example(status=204),
    "list_differences": Example(),
    "take_over_bill": Example(body={"all": True}),
    "list_webhooks": Example(),
    "post_webhook": Example(status=201, body={"url": "https://shop.example/hooks", "label": "shop", "types": ["task.succeeded"]}),
    "get_webhook": Example(),
    "patch_webhook": Example(body={"label": "shop, Berlin"}),
    "delete_webhook": Example(status=204),
    "roll_webhook": Example(body={"overlap_hours": 24}),
    "ping_webhook": Example(status=202),
    "replay_webhook": Example(status=202, body={"since": "2026-11-28T22:00:00Z"}),
    "list_deliveries": Example(query={"state": "failed", "limit": "20"}),
    "get_delivery": Example(),
    "replay_delivery": Example(status=202),
    "list_templates": Example(query={"category": "product", "language": "en"}),
    "post_template": Example(
        status=201,
        body={
            "category": "product",
            "language": "en",
            "name": "Our shelf",
            "text": "{product} on a pine shelf[, {mood} mood], slow push-in",
            "variables": [{"name": "mood", "label": "Mood", "kind": "choice", "choices": ["calm", "festive"], "default": "calm"}],
        },
    ),
    "get_template": Example(path={"template_id": "product-showcase"}, query={"language": "en"}),
    "patch_template": Example(body={"text": "{product} on an oak shelf, slow push-in"}),
    "delete_template": Example(status=204),
    "list_styles": Example(query={"language": "en"}),
    "list_platforms": Example(),
    "render_prompt": Example(
        body={
            "template": "product-showcase",
            "values": {"name": "a walnut coffee grinder", "features": "brass crank"},
            "style": "cinematic",
            "platform": "tiktok",
            "quality": True,
            "language": "en",
            "model": MODEL,
        }
    ),
    "lint_prompt": Example(body={"model": MODEL, "prompt": "a fox runs, then cut to a sign that says SALE", "params": {"duration_s": 5}}),
    "list_budgets": Example(),
    "post_budget": Example(status=201, body={"kind": "team", "team": "{team}", "window": "month", "limit": "500", "note": "spring films"}),
    "get_budget": Example(),
    "patch_budget": Example(body={"limit": "800"}),
    "delete_budget": Example(status=204),
}


def filled(value: Any, values: Mapping[str, str]) -> Any:
    """Return the value with its placeholders replaced. Raises KeyError for one that is not among `values`."""
    if isinstance(value, Mapping):
        return {name: filled(one, values) for name, one in value.items()}
    if isinstance(value, list):
        return [filled(one, values) for one in value]
    return values[value[1:-1]] if isinstance(value, str) and value.startswith("{") and value.endswith("}") else value


class _Shown(dict[str, str]):
    """What the document shows for a placeholder: an id of its own, the same in every version."""

    def __missing__(self, name: str) -> str:
        return str(uuid5(NAMESPACE_URL, name))


def shown(value: Any) -> Any:
    """Return the value as the document shows it."""
    return filled(value, _Shown(SHOWN))
