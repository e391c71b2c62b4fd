"""The rules that catalogs declare between options and images: each can be checked, each can be broken, none is lost by inheritance."""

from itertools import product
from typing import Literal, get_origin

from pydantic import TypeAdapter

from providers.core.catalog import Params
from providers.vendors import ALL_MODELS
from tests.cases import in_one_test
from tests.providers.vendors.option_values import values_of

RULES = [(spec, rule) for spec in ALL_MODELS.values() for rule in spec.params.rules]
SLOTS = ("first_frame", "last_frame", "references")
"""Of every vendor; a class may be that of several models, of which one has a slot and another has not."""
COUNTS = [0, 1, 9]


def cases(spec, rule, **fixed):
    """Every combination of values that the rule may be given: the option's own, and what follows a number."""
    return product(*([fixed[name]] if name in fixed else typed(spec, name) for name in rule.names))


def typed(spec, name):
    if name not in spec.params.model_fields:
        return COUNTS
    field = spec.params.model_fields[name]
    values = [*values_of(spec, name), *([] if field.is_required() else [field.default])]
    values += [value + 1 for value in values if type(value) is int and get_origin(field.annotation) is not Literal]
    return [TypeAdapter(field.annotation).validate_python(value) for value in values]


@in_one_test(("spec", "rule"), RULES)
def test_rule_reads_only_what_the_model_has(spec, rule):
    has = {*spec.params.model_fields, *SLOTS, *(slot.name for slot in spec.slots)}

    assert {rule.at.removeprefix("inputs."), *rule.names} <= has


@in_one_test(("spec", "rule"), RULES)
def test_rule_between_options_is_checked_at_the_last_of_them(spec, rule):
    """What is validated later is not known yet: the rule would never be checked."""
    order = list(spec.params.model_fields)

    assert not {*order} >= {*rule.names} or rule.at == max(rule.names, key=order.index)


@in_one_test(("spec", "rule"), RULES)
def test_rule_can_be_kept_and_broken(spec, rule):
    assert {bool(rule.broken(*case)) for case in cases(spec, rule)} == {True, False}


@in_one_test(("spec", "rule"), RULES)
def test_rule_that_a_default_can_break_is_checked_for_the_default_too(spec, rule):
    """Pydantic does not validate defaults unless it is configured to."""
    if not spec.params.model_fields.keys() >= set(rule.names):
        return
    field = spec.params.model_fields[rule.at]

    assert field.validate_default or not any(rule.broken(*case) for case in cases(spec, rule, **{rule.at: field.default}))


@in_one_test("params", sorted({spec.params for spec in ALL_MODELS.values()}, key=lambda params: params.__qualname__))
def test_class_with_several_bases_states_its_rules_itself(params):
    """Which base came first would decide otherwise."""
    with_rules = [base for base in params.__mro__[1:] if base is not Params and "rules" in vars(base)]

    assert len(params.__bases__) == 1 or "rules" in vars(params) or not with_rules
