"""The built-in templates by id and language, and those for content that names none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prompts.templates.built_in_en import ENGLISH
from prompts.templates.built_in_zh import CHINESE
from prompts.templates.rendering import TemplateVersion

__all__ = ["BUILT_IN", "fallback"]

BUILT_IN: Mapping[tuple[str, str], TemplateVersion] = {(one.id, one.language): one for one in (*ENGLISH, *CHINESE)}
FOR_PRODUCTS = dict.fromkeys(("electronics", "电子产品", "数码"), "product-electronics") | dict.fromkeys(
    ("clothing", "服装", "服饰"), "product-clothing"
)
"""The template of a product by its category, as in many catalogues."""


def fallback(facts: Mapping[str, Any], language: str) -> tuple[TemplateVersion, dict[str, Any]]:
    """Return a template, and its values, for content without a prompt: a product (`name`, `category`, `features`) or anything with a
    `title` and perhaps a `description`.
    """
    is_product = bool(facts.get("name")) and not facts.get("title")
    by_category = FOR_PRODUCTS.get(str(facts.get("category", "")).strip().lower(), "product-other")
    template = BUILT_IN[by_category if is_product else "about", language]
    names = [variable.name for variable in template.variables if variable.kind != "image"]
    return template, {name: facts[name] for name in names if facts.get(name)}
