"""Caption files: the examples of the W3C's WebVTT (https://www.w3.org/TR/webvtt1/), files as services write them, and wrong ones."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.media.webvtt import MOST_BYTES, BadCaptions, read_captions
from tests.cases import in_one_test

EXAMPLE_1 = """WEBVTT

00:11.000 --> 00:13.000
<v Roger Bingham>We are in New York City

00:13.000 --> 00:16.000
<v Roger Bingham>We’re actually at the Lucern Hotel, just down the street

00:30.000 --> 00:31.500 align:right size:50%
<v Roger Bingham>Your hair’s so long
"""
EXAMPLE_COMMENTS = """WEBVTT - Example with comments

NOTE
This file was written by Jill. I hope
you enjoy reading it. Some things to
bear in mind:
- I was lip-reading, so the cues may
not be 100% accurate

test
00:00.000 --> 00:02.000
This is a test.

NOTE This line may not translate well.

123
00:00.000 --> 00:02.000
That’s an, an, that’s an L!

crédit de transcription
00:04.000 --> 00:05.000
Transcrit par Célestes™
"""
EXAMPLE_REGIONS = """WEBVTT

REGION
id:fred
width:40%
lines:3
regionanchor:0%,100%
viewportanchor:10%,90%
scroll:up

STYLE
::cue {
  background-image: linear-gradient(to bottom, dimgray, lightgray);
  color: papayawhip;
}

00:00:00.000 --> 00:00:20.000 region:fred align:left
<v Fred>Hi, my name is Fred

00:00:02.500 --> 00:00:22.500 position:10%,line-left line:-2 size:35% vertical:rl
<v Bill>Hi, I’m Bill
"""
EXPORTED = "\ufeffWEBVTT\r\nKind: captions\r\nLanguage: zh\r\n\r\n00:00:00.000 --> 00:00:02.500\r\n一只狐狸\r\n跑过雪地\r\n\r\n"
HOURS = "WEBVTT\n\n100:00:00.000 --> 100:00:01.000\nlate\n"


@in_one_test(
    ("text", "cues", "end_s"),
    [(EXAMPLE_1, 3, 31.5), (EXAMPLE_COMMENTS, 3, 5.0), (EXAMPLE_REGIONS, 2, 22.5), (EXPORTED, 1, 2.5), (HOURS, 1, 360001.0)],
)
def test_good_files_are_read(text, cues, end_s):
    read = read_captions(text.encode())

    assert (read.cues, read.end_s) == (cues, end_s)
    assert read.text.startswith("WEBVTT")
    assert not set(read.text) & {"\r", "\ufeff"}
    assert read_captions(read.text.encode()) == read


GOOD = "00:01.000 --> 00:02.000"


@in_one_test(
    ("content", "code", "line"),
    [
        (b"", "no_signature", 1),
        (b"1\n00:00:01,000 --> 00:00:02,000\nSubRip\n", "no_signature", 1),
        (b"WEBVTTX\n\n", "no_signature", 1),
        (b"<html>", "no_signature", 1),
        (b"WEBVTT\n\n" + b"9" * 5000 + b":00:00.000 --> 00:02.000\nx\n", "wrong_time", 3),
        (b"WEBVTT\n\n00:00:01,000 --> 00:00:02,000\nSubRip\n", "wrong_time", 3),
        (b"WEBVTT\n\n00:61.000 --> 01:02.000\nx\n", "wrong_time", 3),
        (b"WEBVTT\n\n00:01.000-->00:02.000\nx\n", "wrong_time", 3),
        (b"WEBVTT\n\n00:02.000 --> 00:02.000\nx\n", "ends_too_early", 3),
        (f"WEBVTT\n\na\n{GOOD} align:up\nx\n".encode(), "wrong_setting", 4),
        (f"WEBVTT\n\n{GOOD} line:1 line:2\nx\n".encode(), "wrong_setting", 3),
        (f"WEBVTT\n\n{GOOD} size:101%\nx\n".encode(), "wrong_setting", 3),
        (f"WEBVTT\n\n{GOOD}\nx\n{GOOD}\ny\n".encode(), "wrong_block", 3),
        (f"WEBVTT\n{GOOD}\nx\n".encode(), "wrong_block", 2),
        (b"WEBVTT\n\njust words\nand more\n", "wrong_block", 3),
        (f"WEBVTT\n\n{GOOD}\nx\n\nSTYLE\n::cue {{}}\n".encode(), "wrong_block", 6),
        (b"WEBVTT\n\nNOTE only a comment\n", "no_cues", 0),
        (b"WEBVTT\n\n\xff\n", "not_utf8", 3),
        (b"WEBVTT\n\n" + b"x" * MOST_BYTES, "too_large", 0),
        (b"WEBVTT" + f"\n\n{GOOD}\nx".encode() * 5_001, "too_many_cues", 15003),
    ],
)
def test_a_wrong_file_is_refused_with_its_line(content, code, line):
    with pytest.raises(BadCaptions) as bad:
        read_captions(content)
    assert (bad.value.code, bad.value.line) == (code, line)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content):
    for given_bytes in (content, b"WEBVTT\n\n" + content):
        with suppress(BadCaptions):
            assert read_captions(given_bytes).cues > 0
