"""The NinjaAPI with the routers of all resources."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, re_path
from ninja.openapi.docs import Swagger

from api.auth import needs, with_headers
from api.errors import answer_in_json, not_found, register_errors
from api.idempotency import keep_answers
from api.openapi import DescribedAPI
from api.strict_json import StrictParser
from api.v1 import (
    assets,
    batch_actions,
    batches,
    bills,
    budgets,
    bulk,
    captions,
    collections,
    content,
    content_plan,
    frames,
    links,
    model_health,
    models,
    preferences,
    presets,
    prices,
    prompts,
    recurring,
    reviews,
    similar,
    tasks,
    templates,
    tokens,
    usage,
    variations,
    videos,
    votes,
    webhooks,
    writing,
)

__all__ = ["api", "api_urls"]

api = DescribedAPI(
    title="Video Portal",
    version="1",
    description="Ask for videos, follow them, fetch them. Errors are `{error: {code, message, fields, request_id}}`; lists page by cursor.",
    urls_namespace="api-v1",
    auth=needs(),
    parser=StrictParser(),
    # deep links would be inside of buttons; the page opens as a list of tags, because all operations at once are long to draw and to read
    docs=Swagger({"deepLinking": False, "docExpansion": "none", "filter": True}),
)
register_errors(api)
api.add_router("/models", model_health.router)  # before the models, whose names may have slashes
api.add_router("/models", models.router)
api.add_router("/tasks", similar.router)
api.add_router("/tasks", tasks.router)
api.add_router("/videos", videos.router)
api.add_router("/videos", captions.router)
api.add_router("/videos", frames.router)
api.add_router("/videos", links.router)
api.add_router("/bulk", bulk.router)
api.add_router("/collections", collections.router)
api.add_router("/tags", collections.tags)
api.add_router("/votes", votes.router)
api.add_router("/videos", reviews.router)
api.add_router("/content", content.router)
api.add_router("/assets", assets.router)
api.add_router("/batches", batches.router)
api.add_router("/batches", batch_actions.router)
api.add_router("/variations", variations.router)
api.add_router("/tasks", variations.finishing)
api.add_router("/recurring-batches", recurring.router)
api.add_router("/prompts", writing.router)
api.add_router("/prompts", content_plan.router)
api.add_router("/tokens", tokens.router)
api.add_router("/preferences", preferences.router)
api.add_router("", prices.router)
api.add_router("/budgets", budgets.router)
api.add_router("/bills", bills.router)
api.add_router("/webhooks", webhooks.router)
api.add_router("/deliveries", webhooks.deliveries)
api.add_router("/usage", usage.router)
api.add_router("/templates", templates.router)
api.add_router("", templates.looks)
api.add_router("/prompts", prompts.router)
api.add_router("/prompts", presets.history)
api.add_router("/presets", presets.router)


def api_urls() -> tuple[list[URLResolver | URLPattern], str, str]:
    """Return what `path("api/v1/", ...)` includes: ninja's routes, and a 404 in JSON for every other address."""
    patterns, app_name, namespace = api.urls
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            pattern.callback = with_headers(keep_answers(answer_in_json(pattern.callback)))
    return [re_path("^$", not_found), *patterns, re_path("", not_found)], app_name, namespace
