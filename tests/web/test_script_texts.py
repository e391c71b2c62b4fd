"""Scripts have no words: what they show comes from the page, in the reader's language (docs/adr/0065)."""

from __future__ import annotations

import json
import re
from pathlib import Path

from django.utils import translation

from web.templatetags.portal import SCRIPT_TEXTS, script_texts

FOLDER = Path(__file__).resolve().parents[2] / "static" / "portal" / "js"
SCRIPTS = {path.name: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.js"))}
COMMENT = re.compile(r"/\*.*?\*/|(?<![:\"'`\\])//[^\n]*", re.DOTALL)
LITERAL = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`")
HAN = re.compile(r"[\u3400-\u9fff]")
SENTENCE = re.compile(rf"^[A-Z][a-z’']* |[a-z][.!?…]$|{HAN.pattern}")
SHOWN = re.compile(
    r"(?:textContent|innerText|\.title|placeholder|\.alt|ariaLabel)\s*=\s*[\"'`](?=[^\"'`$]*[A-Za-z])"
    r"|(?:toast|announce|alert|confirm)\(\s*[\"'`]\w"
)


def literals(script: str) -> list[str]:
    return [literal[1:-1] for literal in LITERAL.findall(COMMENT.sub("", script))]


def test_no_script_has_a_sentence():
    found = {name: [one for one in literals(script) if SENTENCE.search(one)] for name, script in SCRIPTS.items()}

    assert {name: texts for name, texts in found.items() if texts} == {}
    assert [name for name, script in SCRIPTS.items() if SHOWN.search(COMMENT.sub("", script))] == []
    assert len(SCRIPTS) > 20


def test_this_would_find_one():
    for text in ("Copied to the clipboard", "Try again.", "已复制", "sending…", "Request body"):
        assert SENTENCE.search(text), text
    for text in ("Escape", "POST", "Content-Type", "g s", "[data-player] button", "main.js", "{n}px", "./net.js", "image/png"):
        assert not SENTENCE.search(text), text
    assert SHOWN.search('node.textContent = "gone"')
    assert SHOWN.search('toast("gone", "bad")')


def test_every_text_of_the_scripts_is_in_the_table_and_is_used():
    """Some keys are chosen among several first, so a key counts as used wherever it is a literal."""
    asked = {key for script in SCRIPTS.values() for key in re.findall(r"\btext\(\s*\"(\w+)\"", script)}
    used = {literal for script in SCRIPTS.values() for literal in literals(script)}

    assert asked - SCRIPT_TEXTS.keys() == set()
    assert SCRIPT_TEXTS.keys() - used == set()


def test_every_text_has_chinese_words_with_the_same_places():
    with translation.override("zh-hans"):
        shown = json.loads(re.search(r">(.*)</script>", script_texts())[1])

    assert shown.keys() == SCRIPT_TEXTS.keys()
    assert {key: words for key, words in shown.items() if not HAN.search(words)} == {}
    with translation.override("en"):
        english = {key: set(re.findall(r"{\w+}", str(words))) for key, words in SCRIPT_TEXTS.items()}
    assert {key: set(re.findall(r"{\w+}", words)) for key, words in shown.items()} == english
