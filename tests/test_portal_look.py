"""The words of the templates, and that what a page loads is all here and as vendored."""

import hashlib
import re
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django import forms
from django.template.loader import get_template
from django.utils import timezone, translation

from tests.cases import in_one_test
from web import formatting

ROOT = Path(__file__).resolve().parent.parent
STATIC = ROOT / "static" / "portal"
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))


@pytest.mark.parametrize(("seconds", "shown"), [(None, ""), (5.2, "0:05"), (65, "1:05"), (3725, "1:02:05")])
def test_clock_shows_minutes_and_seconds(seconds: float | None, shown: str) -> None:
    assert formatting.clock(seconds) == shown


@in_one_test(("seconds", "shown"), [(None, ""), (0, "0 s"), (42.4, "42 s"), (120, "2 min"), (171, "2 min 51 s"), (3840, "1 h 4 min")])
def test_duration_names_its_units(seconds: float | None, shown: str) -> None:
    assert formatting.duration(seconds) == shown


@in_one_test(
    ("count", "shown"),
    [
        (None, ""),
        (999, "999 B"),
        (13_400, "13 kB"),
        (999_600, "1.0 MB"),
        (6_200_000, "6.2 MB"),
        (999_949_000, "999.9 MB"),
        (999_960_000, "1.0 GB"),
        (2_500_000_000_000, "2500.0 GB"),
    ],
)
def test_size_uses_decimal_units(count: int | None, shown: str) -> None:
    assert formatting.size(count) == shown


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        (None, "CNY", ""),
        (Decimal("7.3"), "CNY", "¥7.30"),
        (Decimal("1234.5"), "USD", "$1,234.50"),
        (Decimal(3), "CHF", "3.00 CHF"),
    ],
)
def test_money_has_its_sign_or_its_code(amount: Decimal | None, currency: str, shown: str) -> None:
    with translation.override("en"):
        assert formatting.money(amount, currency) == shown


@pytest.mark.parametrize(
    ("age", "shown"), [(timedelta(seconds=20), "just now"), (timedelta(minutes=5), "5 min ago"), (timedelta(hours=3), "3 h ago")]
)
def test_ago_speaks_of_the_last_day_in_words(age: timedelta, shown: str) -> None:
    assert formatting.ago(timezone.now() - age) == shown


@pytest.mark.parametrize(("name", "shown"), [("Lin Yue", "LY"), ("admin", "AD"), ("林悦", "林悦")])
def test_initials_are_two_letters(name: str, shown: str) -> None:
    assert formatting.initials(name) == shown


@in_one_test(
    ("value", "css", "shape"),
    [
        ("16:9", "16/9", "wide"),
        ("9:16", "9/16", "tall"),
        ("1:1", "1/1", ""),
        ("21:9", "21/9", "flat"),
        ("720p", "", ""),
    ],
)
def test_a_ratio_becomes_a_shape(value: str, css: str, shape: str) -> None:
    assert (formatting.ratio(value), formatting.shape(value)) == (css, shape)


class SettingsForm(forms.Form):
    mode = forms.ChoiceField(choices=[("std", "Standard"), ("pro", "Professional")], widget=forms.RadioSelect)
    watermark = forms.BooleanField(required=False)
    duration_s = forms.IntegerField(max_value=10, help_text="at most 10 s", widget=forms.NumberInput(attrs={"data-unit": "s"}))


def render(field: str, form: forms.Form) -> str:
    return get_template("_components/field.html").render({"field": form[field]})


def test_field_shows_the_control_that_fits_the_widget() -> None:
    form = SettingsForm()

    assert 'class="seg"' in render("mode", form)
    assert 'role="switch"' in render("watermark", form)
    assert '<span class="unit">s</span>' in render("duration_s", form)


def test_field_links_its_error_and_hint_to_the_input_when_invalid() -> None:
    html = render("duration_s", SettingsForm({"duration_s": "12"}))

    assert 'aria-invalid="true"' in html
    described = re.search(r'aria-describedby="([^"]+)"', html)
    assert described is not None
    assert all(f'id="{name}"' in html for name in described[1].split())


@in_one_test("path", TEMPLATES)
def test_template_compiles_and_names_only_icons_that_exist(path: Path) -> None:
    get_template(str(path.relative_to(ROOT / "templates")))
    known = set(re.findall(r'<symbol id="([^"]+)"', (STATIC / "icons.svg").read_text()))

    used = set(re.findall(r'{% icon "([^"]+)"', path.read_text())) | set(re.findall(r' icon="([^"]+)"', path.read_text()))

    assert used <= known


def test_every_icon_is_in_use() -> None:
    words = "".join(path.read_text() for path in TEMPLATES)
    named = set(re.findall(r'{% icon "([^"]+)"', words)) | set(re.findall(r'\w*icon=["\']([^"\']+)["\']', words))
    sources = [path for room in ("web", "providers") for path in (ROOT / room).rglob("*.py")]
    named |= {text for path in sources for text in re.findall(r'"([a-z0-9-]+)"', path.read_text())}

    assert set(re.findall(r'<symbol id="([^"]+)"', (STATIC / "icons.svg").read_text())) - named == set()


def test_pages_load_nothing_from_elsewhere() -> None:
    files = [*TEMPLATES, *STATIC.rglob("*.css"), *STATIC.rglob("*.js")]

    outside = [str(path) for path in files if re.search(r"""(src=|href=|url\(|from |import )["']?(https?:)?//""", path.read_text())]

    assert outside == []


def test_vendored_fonts_are_the_ones_written_down() -> None:
    written = dict(re.findall(r"\| `(fonts/[^`]+woff2)` \| `([0-9a-f]{64})` \|", (STATIC / "VENDOR.md").read_text()))

    assert {name: hashlib.sha256((STATIC / name).read_bytes()).hexdigest() for name in written} == written
    assert len(written) == 2
