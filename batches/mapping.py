"""What each column of a file is: suggested by its name in both languages, remembered from the owner's last batch with the same heading."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from batches.models import Batch, State
from generation.bills.reading import plain_name
from generation.errors import InvalidRequest
from providers.core.catalog import ModelSpec
from providers.vendors import ALL_MODELS, find_model

__all__ = ["REPORT_COLUMNS", "field_names", "named_in", "own_columns", "require_mapping", "suggested"]

REPORT_COLUMNS = (gettext_noop("row number"), gettext_noop("what is wrong"))
"""What our sheet of rejected rows has before the columns of the file: ignored when it is uploaded again."""
PLAIN = ("prompt", "model", "content_id", "external_id", "template", "style", "platform", "enhance")
MANY = ("params", "inputs", "metadata", "variables")
TARGET = re.compile(rf"({'|'.join(PLAIN)})|({'|'.join(MANY)})\.[^\x00]{{1,100}}")
MOST_REMEMBERED = 20

NAMES: Mapping[str, Sequence[str]] = {
    "prompt": ("prompt", "text", "提示词", "描述词", "画面描述", "视频描述", "description", "描述"),
    "model": ("model", "模型"),
    "content_id": ("content_id", "product_id", "sku", "内容id", "内容编号", "商品id", "商品编号", "货号"),
    "external_id": ("external_id", "外部id", "外部编号"),
    "inputs.first_frame": (
        "first frame",
        "image",
        "image url",
        "picture",
        "photo",
        "首帧",
        "图片",
        "主图",
        "商品图",
        "图片链接",
        "图片地址",
    ),
    "inputs.last_frame": ("last frame", "尾帧"),
    "inputs.references": ("references", "reference image", "参考图", "参考图片"),
    "params.duration_s": ("duration", "seconds", "length", "时长", "秒数", "视频时长"),
    "params.aspect_ratio": ("ratio", "aspect ratio", "画面比例", "宽高比", "比例", "画幅"),
    "params.resolution": ("resolution", "分辨率", "清晰度"),
    "params.seed": ("seed", "种子", "随机种子"),
    "params.negative_prompt": ("negative prompt", "negative", "反向提示词", "负向提示词", "负面提示词"),
}
"""More names of options and slots are their titles in the catalog."""
FACTS: Mapping[str, Sequence[str]] = {
    "title": ("title", "标题"),
    "name": ("name", "product", "product name", "名称", "商品", "商品名", "商品名称", "产品名称"),
    "description": ("description", "描述", "简介", "商品描述"),
    "category": ("category", "类目", "分类", "类别"),
    "features": ("features", "特点", "卖点"),
}
"""What a catalogue says of content that has no prompt: variables of the built-in templates that describe it."""
NAMING = frozenset({"title", "name"})


def suggested(batch: Batch, heading: Sequence[str], variables: Iterable[str] = ()) -> dict[str, str]:
    """Return what each column probably is, "" for ignored. `variables` are the names that the batch's prompt or template has in braces."""
    before = Batch.objects.filter(owner=batch.owner_id).exclude(pk=batch.pk).exclude(state__in=[State.CHECKING, State.REFUSED])
    own = own_columns(heading)
    for earlier in before.order_by("-id").only("heading", "mapping")[:MOST_REMEMBERED]:
        columns = [name for name in heading if name in earlier.heading or name in own]
        if earlier.heading == columns:  # the rejected rows of a batch have its columns too
            return {name: earlier.mapping.get(name, "") for name in heading}
    by_name = {plain_name(name): f"variables.{name}" for name in variables}
    if not by_name and not batch.defaults.get("prompt") and not batch.defaults.get("template"):
        by_name = _facts_in(heading)
    known = by_name | {name: target for name, target in _known().items() if name not in by_name}
    mapping, taken = {}, {""}
    for name in heading:
        target = by_name.get(plain_name(name)) or (name if TARGET.fullmatch(name) else known.get(plain_name(name), ""))
        mapping[name] = "" if target in taken else target
        taken.add(target)
    return mapping


def field_names(batch: Batch) -> dict[str, str]:
    """Return what people call the fields of an order: the columns of the batch, and the titles of what has no column."""
    spec = find_model(batch.defaults.get("model", ""))
    names = {"prompt": _("Prompt"), "model": _("Model"), "content_id": _("Content id"), "external_id": _("External id")}
    names |= {target: _(title) for target, title in _titles(spec)} if spec else {}
    return names | {target: name for name, target in batch.mapping.items() if target}


def own_columns(heading: Iterable[str]) -> list[str]:
    """Return the columns without those of our sheet of rejected rows."""
    return [name for name in heading if _known().get(plain_name(name)) != ""]


def named_in(batch: Batch, variables: Iterable[str]) -> dict[str, str]:
    """Return the unused columns that have these names, with what they become."""
    free = {plain_name(name): name for name in batch.heading if not batch.mapping.get(name)}
    taken = set(batch.mapping.values())
    return {
        free[plain_name(name)]: f"variables.{name}" for name in variables if plain_name(name) in free and f"variables.{name}" not in taken
    }


def _facts_in(heading: Iterable[str]) -> dict[str, str]:
    """Return the targets of the columns that describe content by a title or name, if no column is its prompt."""
    facts = {plain_name(name): fact for fact, names in FACTS.items() for name in names}
    prompts, columns = {plain_name(name) for name in NAMES["prompt"]}, {plain_name(name) for name in heading}
    found = {name: facts[name] for name in columns & facts.keys()}
    if not NAMING.intersection(found.values()) or (columns & prompts) - found.keys():
        return {}
    return {name: f"variables.{fact}" for name, fact in found.items()}


@cache
def _known() -> dict[str, str]:
    """Return the target of each name by its form for comparison."""
    known: dict[str, str] = {}
    for language, _label in settings.LANGUAGES:
        with translation.override(language):
            known |= {plain_name(_(name)): "" for name in REPORT_COLUMNS}
    for target, names in NAMES.items():
        for name in names:
            known.setdefault(plain_name(name), target)
    for spec in ALL_MODELS.values():
        for target, title in _titles(spec):
            for language, _label in settings.LANGUAGES:
                with translation.override(language):
                    known.setdefault(plain_name(_(title)), target)
    return known


def _titles(spec: ModelSpec) -> Iterable[tuple[str, str]]:
    for name, field in spec.params.model_fields.items():
        yield f"params.{name}", field.title or name
    for slot in spec.slots:
        yield f"inputs.{slot.name}", slot.title


def require_mapping(mapping: Mapping[str, str], heading: Sequence[str] | None = None) -> dict[str, str]:
    """Return the mapping, for all columns if the heading is known. Raise `InvalidRequest` for a column that is not there, or what a column
    cannot be.
    """
    wrong = {f"mapping.{name[:60]}": _("The file has no such column.") for name in mapping if heading is not None and name not in heading}
    seen: set[str] = set()
    for name, target in mapping.items():
        if not isinstance(target, str) or (target and not TARGET.fullmatch(target)):
            words = _(
                "A column is prompt, model, content_id, external_id, template, style, platform, enhance, params.…, inputs.…, metadata.… or "
                "variables.…."
            )
            wrong[f"mapping.{name[:60]}"] = words
        elif target in seen:
            wrong[f"mapping.{name[:60]}"] = _("Another column is this already.")
        elif target:
            seen.add(target)
    if wrong:
        raise InvalidRequest(_("Some fields cannot be used as they are."), fields=wrong)
    return dict(mapping) if heading is None else {name: mapping.get(name, "") for name in heading}
