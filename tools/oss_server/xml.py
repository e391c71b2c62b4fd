"""XML as OSS writes it: no namespace, text children in a given order."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote
from xml.etree import ElementTree as ET

from tools.oss_server.errors import Refusals

__all__ = ["Node", "child_text", "document", "encoded", "parse"]

Node = tuple[str, "str | int | Iterable[Node]"]
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


def document(root: str, children: Iterable[Node]) -> bytes:
    """Return a document. A child is `(name, text)` or `(name, children)`."""
    top = ET.Element(root)
    _fill(top, children)
    body: bytes = ET.tostring(top, encoding="utf-8")
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + body


def _fill(parent: ET.Element, children: Iterable[Node]) -> None:
    for name, content in children:
        node = ET.SubElement(parent, name)
        if isinstance(content, (str, int)):
            node.text = FORBIDDEN.sub("�", str(content))
        else:
            _fill(node, content)


def parse(body: bytes, root: str) -> ET.Element:
    """Return the root of a request's document, without namespaces. Raises `OssError`."""
    if b"<!DOCTYPE" in body:
        raise Refusals.malformed()
    try:
        top = ET.fromstring(body)  # noqa: S314 - from our own tests, without a document type
    except ET.ParseError:
        raise Refusals.malformed() from None
    for node in top.iter():
        node.tag = node.tag.rpartition("}")[2]
    if top.tag != root:
        raise Refusals.malformed()
    return top


def child_text(node: ET.Element, name: str) -> str:
    return (node.findtext(name) or "").strip()


def encoded(text: str, encoding_type: str) -> str:
    """Return a name as a list shows it: percent-encoded if the client asked for that."""
    return quote(text, safe="", errors="surrogateescape") if encoding_type == "url" else text
