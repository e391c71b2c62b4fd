"""Bytes of an uploaded caption file -> checked WebVTT text, or BadCaptions with the line that is wrong.

After the W3C's WebVTT (https://www.w3.org/TR/webvtt1/, section 4 for what a file must look like, read 2026-11-30). Stricter than a browser,
which drops what it does not understand: a file with a wrong line is refused. As browsers do, header lines below the first one are left
alone, because services write them (`Kind: captions`). Pure: no Django, no storage.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["MOST_BYTES", "BadCaptions", "Captions", "read_captions"]

MOST_BYTES = 512 * 1024
"""Half an hour of speech has about 30 kB."""
MOST_CUES = 5_000
ARROW = "-->"
TIME = r"(?:(\d{2,6}):)?([0-5]\d):([0-5]\d)\.(\d{3})"
TIMES = re.compile(rf"{TIME}[ \t]+-->[ \t]+{TIME}(?:[ \t]+(.*))?", re.ASCII)
PERCENT = r"(?:100(?:\.0+)?|\d{1,2}(?:\.\d+)?)%"
SETTINGS = {
    "vertical": re.compile(r"rl|lr"),
    "line": re.compile(rf"(?:-?\d+|{PERCENT})(?:,(?:start|center|end))?", re.ASCII),
    "position": re.compile(rf"{PERCENT}(?:,(?:line-left|center|line-right))?", re.ASCII),
    "size": re.compile(PERCENT, re.ASCII),
    "align": re.compile(r"start|center|end|left|right"),
    "region": re.compile(r"\S+"),
}
"""The settings of a cue, and what each may be (section 4.4)."""


class BadCaptions(Exception):
    """A file that is not WebVTT. `code` is a stable slug, `line` counts from 1; 0 for the whole file.

    Codes: too_large, not_utf8, no_signature, wrong_time, ends_too_early, wrong_setting, wrong_block, no_cues, too_many_cues.
    """

    def __init__(self, code: str, line: int = 0) -> None:
        super().__init__(f"{code} in line {line}")
        self.code = code
        self.line = line


@dataclass(frozen=True, kw_only=True)
class Captions:
    """A checked file: its text with plain line ends, how many cues it has, and when the last one ends, in seconds."""

    text: str
    cues: int
    end_s: float


def read_captions(content: bytes) -> Captions:
    """Check every line. Raises `BadCaptions`."""
    if len(content) > MOST_BYTES:
        raise BadCaptions("too_large")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadCaptions("not_utf8", content[: error.start].count(b"\n") + 1) from error
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "\ufffd").split("\n")
    if not re.fullmatch(r"WEBVTT(?:[ \t].*)?", lines[0]) or ARROW in lines[0]:
        raise BadCaptions("no_signature", 1)
    cues, end_s = 0, 0.0
    for number, block in _blocks(lines):
        ends_s = _cue_end(number, block, is_first=cues == 0)
        if ends_s is not None:
            cues, end_s = cues + 1, max(end_s, ends_s)
            if cues > MOST_CUES:
                raise BadCaptions("too_many_cues", number)
    if not cues:
        raise BadCaptions("no_cues")
    return Captions(text="\n".join(lines).rstrip("\n") + "\n", cues=cues, end_s=end_s)


def _blocks(lines: list[str]) -> list[tuple[int, list[str]]]:
    """Return the blocks below the header, each with the number of its first line."""
    blocks: list[tuple[int, list[str]]] = []
    is_open = True  # the header is the first block
    for number, line in enumerate(lines, start=1):
        if not line:
            is_open = False
        elif is_open and blocks:
            blocks[-1][1].append(line)
        elif not is_open:
            blocks.append((number, [line]))
            is_open = True
        elif ARROW in line:  # a cue in the header
            raise BadCaptions("wrong_block", number)
    return blocks


def _cue_end(number: int, block: list[str], *, is_first: bool) -> float | None:
    """Return when the cue ends; None for a comment, a style or a region. Raises `BadCaptions`."""
    if ARROW in block[0]:
        return _checked(number, block[0], block[1:])
    if re.fullmatch(r"NOTE(?:[ \t].*)?", block[0]):
        if any(ARROW in line for line in block):
            raise BadCaptions("wrong_block", number)
        return None
    if len(block) > 1 and ARROW in block[1]:  # the first line is the cue's name
        return _checked(number + 1, block[1], block[2:])
    if is_first and re.fullmatch(r"(?:STYLE|REGION)[ \t]*", block[0]) and not any(ARROW in line for line in block):
        return None
    raise BadCaptions("wrong_block", number)


def _checked(number: int, line: str, text: list[str]) -> float:
    found = TIMES.fullmatch(line.rstrip(" \t"))
    if found is None:
        raise BadCaptions("wrong_time", number)
    start_s, end_s = _seconds(*found.group(1, 2, 3, 4)), _seconds(*found.group(5, 6, 7, 8))
    if end_s <= start_s:
        raise BadCaptions("ends_too_early", number)
    names = set()
    for setting in (found[9] or "").split():
        name, _colon, value = setting.partition(":")
        if name not in SETTINGS or name in names or not SETTINGS[name].fullmatch(value):
            raise BadCaptions("wrong_setting", number)
        names.add(name)
    if any(ARROW in words for words in text):
        raise BadCaptions("wrong_block", number)
    return end_s


def _seconds(hours: str | None, minutes: str, seconds: str, thousandths: str) -> float:
    return int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds) + int(thousandths) / 1000
