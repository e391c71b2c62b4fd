"""Short ways to write the built-in templates."""

from __future__ import annotations

from collections.abc import Callable

from prompts.models import Category
from prompts.templates.rendering import TemplateVersion, Variable

__all__ = ["one_of", "template_in", "words"]


def template_in(language: str) -> Callable[..., TemplateVersion]:
    """Return a function that makes the first version of a template in this language."""

    def template(template_id: str, category: Category, name: str, text: str, *variables: Variable, avoid: str = "") -> TemplateVersion:
        return TemplateVersion(
            id=template_id,
            version=1,
            category=category.value,
            language=language,
            name=name,
            text=text,
            negative_text=avoid,
            variables=variables,
        )

    return template


def words(name: str, label: str, example: str) -> Variable:
    """Return a variable for words."""
    return Variable(name=name, label=label, example=example)


def one_of(name: str, label: str, *choices: str) -> Variable:
    """Return a choice; the first is the default."""
    return Variable(name=name, label=label, kind="choice", choices=choices, default=choices[0])
