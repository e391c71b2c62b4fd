"""Makes the prompts of rows, as the Studio does: from the row's own text or that for all rows, a template, a style, a platform, and a
language model that enriches it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from django.utils.translation import get_language

from access.callers import Caller
from batches.mapping import NAMING
from batches.messages import Problem, problem
from batches.models import Batch
from generation.errors import InvalidRequest, NotThere
from generation.ordering.order import digest_of
from prompts.enhance import Written, enhance
from prompts.making import Made, make
from prompts.platforms import PLATFORMS
from prompts.styles import STYLES
from prompts.templates import own
from prompts.templates.built_in import fallback
from providers.core.catalog import ModelSpec
from providers.core.messages import say
from providers.messages import translated

__all__ = ["CHOSEN", "TRUE", "Recipes", "variables_in", "variables_of"]

VARIABLE = re.compile(r"\{(\w+)\}")
TRUE = frozenset({"true", "yes", "y", "1", "是", "开"})
CHOSEN = ("template", "style", "platform")
MOST_FAILURES = 5
"""One after another; the language model is then asked for no further row of this batch."""


def variables_in(text: str) -> list[str]:
    """Return the names in braces, each once: "A video about {title}" -> ["title"]."""
    return list(dict.fromkeys(VARIABLE.findall(text)))


def variables_of(batch: Batch) -> list[str]:
    """Return the names that the prompt and the template for all rows have."""
    names = variables_in(str(batch.defaults.get("prompt", "")))
    template = Recipes(batch).found("template", batch.defaults.get("template", ""))
    return list(dict.fromkeys([*names, *(variable.name for variable in template.variables)])) if template else names


class Recipes:
    """Makes the prompts of one batch. What its rows name is looked up once."""

    def __init__(self, batch: Batch) -> None:
        self.defaults: Mapping[str, Any] = batch.defaults
        self.caller = Caller(user=batch.owner, token=batch.token)
        self.language = self.defaults.get("language") or ("zh-hans" if (get_language() or "").startswith("zh") else "en")
        self.has_variables = any(target.startswith("variables.") for target in batch.mapping.values())
        self.known: dict[tuple[str, str], Any] = {}
        self.written: dict[str, Written] = {}
        self.failures, self.reason = 0, ""

    def remember(self, order: Mapping[str, Any]) -> None:
        """Count what the language model did for a row that was checked before."""
        if why := order.get("not_enhanced"):
            self.failures, self.reason = self.failures + 1, why
        elif "enhanced" in order.get("made_from", {}):
            self.failures = 0

    def made(
        self,
        plain: Mapping[str, str],
        values: Mapping[str, str],
        spec: ModelSpec | None,
        problems: list[Problem],
        *,
        slots: Collection[str] = (),
    ) -> Made:
        """Return the prompt of a row with these cells and values of variables. Add what is wrong to `problems`; `slots` have images."""
        values = {name: str(value) for name, value in self.defaults.get("variables", {}).items()} | dict(values)
        text = plain.get("prompt") or self._filled(values, problems)
        named = {what: plain.get(what) or self.defaults.get(what, "") for what in CHOSEN}
        chosen = {what: self.found(what, name) for what, name in named.items() if name}
        problems += [problem(f"row_no_such_{what}", what, name=named[what][:100]) for what, one in chosen.items() if one is None]
        if not text and not named["template"] and any(values.get(name) for name in NAMING):
            chosen["template"], _values = fallback(values, self.language)
        plainly = Made(text=text, negative_text="", params={}, inputs={}, made_from={"variables": dict(values)} if values else {})
        if not any(chosen.values()) and not self.defaults.get("quality"):
            return plainly
        template = chosen.get("template")
        fitting = {variable.name: values.get(variable.name, "") for variable in template.variables} if template else {}
        try:
            return make(
                language=self.language,
                text=text,
                template=template,
                values=fitting,
                style=chosen.get("style"),
                platform=chosen.get("platform"),
                quality=bool(self.defaults.get("quality")),
                spec=spec,
                slots=slots,
            )
        except InvalidRequest as error:
            fields = {field.replace("values.", "variables.", 1): words for field, words in error.fields.items()}
            problems += [problem("refused", field, words=words) for field, words in fields.items()]
            return plainly

    def wants_enhancing(self, plain: Mapping[str, str], prompt: str) -> bool:
        """Return whether the row, or all of them, are to be enriched, and there is something to enrich."""
        said = plain.get("enhance")
        return bool(prompt.strip()) and (said.casefold() in TRUE if said else bool(self.defaults.get("enhance")))

    def enhance(self, order: dict[str, Any], spec: ModelSpec) -> list[Problem]:
        """Let a language model enrich the order's prompt. If it does not, keep the text and return a note that says why."""
        key = digest_of(order["prompt"], spec.name)
        if key not in self.written and self.failures < MOST_FAILURES:
            self.written[key] = enhance(order["prompt"], owner=self.caller.user, spec=spec)
        written, most = self.written.get(key), spec.prompt_limit([slot for slot, ids in order["inputs"].items() if ids])
        if written and written.by:
            self.failures = 0
            if len(written.text) <= most:
                order |= {"prompt": written.text, "made_from": {**written.made_from, **order["made_from"]}}
                return []
            return [problem("row_not_enhanced", "prompt", why=translated(say("chat_over_limit", most=most)))]
        if written:
            self.failures, self.reason = self.failures + 1, translated(written.reason)
        order["not_enhanced"] = self.reason
        return [problem("row_not_enhanced", "prompt", why=self.reason)]

    def found(self, what: str, name: str) -> Any:
        """Return the template, style or platform with this id, a built-in style or platform also by its name; None if there is none."""
        key = (what, name)
        if name and key not in self.known:
            self.known[key] = self._found(what, name)
        return self.known.get(key)

    def _found(self, what: str, name: str) -> Any:
        if what != "template":
            built_in: Mapping[str, Any] = STYLES if what == "style" else PLATFORMS
            for one in built_in.values():
                if name.casefold() in {one.id, *(word.casefold() for word in one.name.values())}:
                    return one
        try:
            if what == "style":
                return own.find_style(self.caller, name)
            return own.find(self.caller, name, self.language) if what == "template" else None
        except NotThere:
            return None

    def _filled(self, values: Mapping[str, str], problems: list[Problem]) -> str:
        """Return the prompt for all rows, with this row's values in place of its names in braces."""
        text = str(self.defaults.get("prompt", ""))
        if not values and not self.has_variables:
            return text
        problems += [problem("row_variable_missing", f"variables.{name}", name=name) for name in variables_in(text) if name not in values]
        return VARIABLE.sub(lambda found: values.get(found[1], ""), text)
