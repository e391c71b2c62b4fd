"""The words of texts and of filters."""

from __future__ import annotations

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from library.terms import Asked, asked_in, word, words_in
from tests.cases import LETTERS, in_one_test


@in_one_test(
    ("text", "found"),
    [
        ("A Red-Fox", ["a", "red", "fox"]),
        ("水墨山", ["水", "墨", "山", "水墨", "墨山"]),
        ("4K画质", ["4k", "画", "质", "画质"]),
        ("ＡＢＣ ①", ["abc", "1"]),
        ("…！_“”", []),
        ("한국", ["한", "국", "한국"]),
    ],
)
def test_texts_are_words_and_pairs(text, found):
    assert list(words_in(text)) == found


@in_one_test(
    ("q", "asked"),
    [
        ("fox", [Asked("fox", True)]),
        ("fox ", [Asked("fox")]),
        ("red fo", [Asked("red"), Asked("fo")]),
        ("山", [Asked("山")]),
        ("水墨山 red", [Asked("水墨"), Asked("墨山"), Asked("red", True)]),
        ("?!", []),
    ],
)
def test_a_search_asks_for_whole_words_and_the_beginning_of_its_last(q, asked):
    assert asked_in(q) == asked


@given(st.text(LETTERS, max_size=80), st.text(LETTERS, max_size=80))
def test_a_text_is_found_by_each_part_of_it_that_has_its_words_whole(before, after):
    known = set(words_in(f"{before} {after}"))
    for part in (before, after, f"{before} {after}"):
        assert all(one.text in known for one in asked_in(part))
    assert not any(set(found) & set(" :'\"\\*_") or not found for found in known)


def test_values_of_filters_are_words_that_no_text_has():
    assert word("o", 12) == "o:12"
    assert word("batch", UUID(int=5)) == f"batch:{5:032x}"
    assert len({word("content", "sku 7"), word("content", "SKU 7"), word("content", "sku7"), word("content", "")}) == 4
    assert all(set(word("tag", tag)) <= set("abcdefghijklmnopqrstuvwxyz0123456789:") for tag in ("夏季", "a b", "o:1 o:2", "'"))
