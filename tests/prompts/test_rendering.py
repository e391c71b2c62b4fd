"""Templates are filled completely or refused by the name of the variable."""

from __future__ import annotations

from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generation.errors import InvalidRequest
from prompts.lint import lint
from prompts.making import make
from prompts.platforms import PLATFORMS
from prompts.styles import STYLES
from prompts.templates.built_in import BUILT_IN
from prompts.templates.rendering import TemplateVersion, Variable, check_template, fill
from providers.vendors import ALL_MODELS
from tests.cases import LETTERS, in_one_test

ANYTHING = st.one_of(
    st.text(LETTERS, max_size=80), st.text("a{}[]., 好", max_size=12), st.integers(), st.floats(), st.none(), st.booleans()
)
MODELS = list(ALL_MODELS.built_in.values())


def version(text, *variables, language="en"):
    checked = check_template(text, "", variables)
    return TemplateVersion(id="t", version=1, category="product", language=language, name="T", text=text, variables=checked)


def a_value(variable: Variable) -> st.SearchStrategy:
    match variable.kind:
        case "choice":
            return st.sampled_from([*variable.choices, "", "none of them"])
        case "number":
            return st.one_of(st.integers(0, 10**6), st.floats(0, 100), st.just("many"))
        case "image":
            return st.uuids().map(str)
    return st.one_of(st.text(LETTERS, max_size=200), ANYTHING)


def is_whole_or_refused(draw, template: TemplateVersion) -> None:
    """Fill with whatever Hypothesis draws: there are no braces left, and it fits the model or the lint refuses it."""
    values = {variable.name: draw(a_value(variable)) for variable in template.variables}
    spec, style, platform = (draw(st.sampled_from(list(some))) for some in (MODELS, STYLES.values(), PLATFORMS.values()))
    try:
        made = make(language="en", template=template, values=values, style=style, platform=platform, quality=True, spec=spec)
    except InvalidRequest as wrong:
        is_named = {name.partition(".")[2] for name in wrong.fields} <= values.keys()
        assert wrong.fields and is_named  # noqa: PT017, PT018 - most fills are not refused
        return
    assert not {"{", "}"} & set(made.text)
    found = {one.code for one in lint(spec, made.text, negative_text=made.negative_text, params=made.params, slots=list(made.inputs))}
    assert len(made.text) <= spec.prompt_limit(list(made.inputs)) or "too_long" in found


@given(st.data())
def test_a_random_fill_is_whole_or_refused(data):
    is_whole_or_refused(data.draw, data.draw(st.sampled_from(list(BUILT_IN.values()))))


@pytest.mark.slow
@in_one_test("key", BUILT_IN)
def test_200_random_fills_of_each_template_are_whole_or_refused(key):
    @settings(max_examples=200)
    @given(st.data())
    def fills(data):
        is_whole_or_refused(data.draw, BUILT_IN[key])

    fills()


@in_one_test(
    ("text", "values", "made"),
    [
        ("A video about {title}.[ {description}]", {"title": "snow"}, "A video about snow."),
        ("A video about {title}.[ {description}]", {"title": "snow", "description": "Quiet."}, "A video about snow. Quiet."),
        ("{a}[, with {b} and {c}] [kept]", {"a": "x", "b": "y"}, "x [kept]"),
        ("{a} {a}", {"a": " two\n words "}, "two words two words"),
        ("{标题}，慢镜头", {"标题": "初雪"}, "初雪，慢镜头"),
    ],
)
def test_a_template_is_filled(text, values, made):
    assert fill(version(text), values).text == made


NUMBER = Variable(name="n", kind="number")
CHOICE = Variable(name="c", kind="choice", choices=("warm", "cold"), default="warm")


@in_one_test(
    ("variable", "value", "shown"),
    [(NUMBER, 3, "3"), (NUMBER, "2.50", "2.5"), (NUMBER, 2.0, "2"), (CHOICE, None, "warm"), (CHOICE, "cold", "cold")],
)
def test_a_value_is_read_by_its_kind(variable, value, shown):
    assert fill(version(f"{{{variable.name}}}", variable), {variable.name: value}).text == shown


@in_one_test(
    ("variable", "value", "word"),
    [
        (NUMBER, "three", "not a number"),
        (NUMBER, True, "text or a number"),
        (NUMBER, float("nan"), "not a number"),
        (CHOICE, "hot", "warm, cold"),
        (Variable(name="t"), "{{product.title}}", "braces"),
        (Variable(name="t"), " \n", "missing"),
        (Variable(name="t"), "a\x00b", "control"),
        (Variable(name="t"), ["a"], "text or a number"),
        (Variable(name="t"), "x" * 2_001, "2000"),
    ],
)
def test_a_wrong_value_is_named(variable, value, word):
    with pytest.raises(InvalidRequest) as refused:
        fill(version(f"{{{variable.name}}}", variable), {variable.name: value})

    assert list(refused.value.fields) == [f"values.{variable.name}"]
    assert word in refused.value.fields[f"values.{variable.name}"]


def test_all_wrong_values_are_named_at_once_and_unknown_ones_too():
    with pytest.raises(InvalidRequest) as refused:
        fill(version("{a} {b}"), {"b": "{x}", "colour": "red"})

    assert refused.value.fields.keys() == {"values.a", "values.b", "values.colour"}
    assert "{a}, {b}" in refused.value.fields["values.colour"]


def test_an_image_is_an_input_and_not_a_word():
    image = str(uuid4())
    filled = fill(version("a cup", Variable(name="photo", kind="image")), {"photo": image})

    assert (filled.text, filled.image) == ("a cup", image)


@in_one_test(
    ("text", "variables", "field"),
    [
        ("{a", [], "text"),
        ("a } b", [], "text"),
        ("{two words}", [], "text"),
        (" ", [], "text"),
        ("{a}", [Variable(name="a"), Variable(name="a")], "variables"),
        ("x", [Variable(name="p", kind="image"), Variable(name="q", kind="image")], "variables"),
        ("{p}", [Variable(name="p", kind="image")], "variables.p"),
        ("x", [Variable(name="a")], "variables.a"),
        ("{a}", [Variable(name="a", kind="choice")], "variables.a"),
        ("{a}", [Variable(name="a", kind="choice", choices=("x",), default="y")], "variables.a"),
        ("{a}", [Variable(name="a", kind="number", default="many")], "variables.a"),
    ],
)
def test_a_template_that_could_not_be_filled_is_refused(text, variables, field):
    with pytest.raises(InvalidRequest) as refused:
        check_template(text, "", variables)

    assert field in refused.value.fields
