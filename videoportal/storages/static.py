"""Where static files go when they are collected. Uploaded and made files are in the `default` storage of the settings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import rjsmin
from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage, Storage
from whitenoise.storage import CompressedManifestStaticFilesStorage

__all__ = ["HashedStaticFiles"]

NO_STYLE = re.compile(r"/\*.*?\*/|(?<=\n)\s+", re.DOTALL)
"""Comments and indents: a third of a sheet."""
SHEET = re.compile(r'@import url\("(css/\w+\.css)"\) layer\((\w+)\);')
MODULE = re.compile(r'^import (?:\* as )?(.+) from "\./(\w+)\.js";$', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:async )?function (\w+))", re.MULTILINE)


class HashedStaticFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Stores every file under a name with its hash, also what JavaScript modules import: after an upgrade no browser uses an old module.

    Django's own switch (support_js_module_import_aggregation) would also read other packages' scripts, some of which name missing files.
    """

    patterns = (
        *CompressedManifestStaticFilesStorage.patterns,
        ("portal/js/*.js", ((r"""(?P<matched>from"(?P<url>\./[^"]+)";)""", 'from"%(url)s";'),)),
    )

    def post_process(self, paths: dict[str, tuple[Storage, str]], dry_run: bool = False, **options: Any) -> Iterator[Any]:
        """Make one sheet and one script of what every page imports, and take comments and indents out of all (docs/adr/0067)."""
        smaller = InMemoryStorage()
        for name in paths:
            if name.startswith("portal/") and name.endswith((".css", ".js")):
                smaller.save(name, ContentFile(_sheet(*paths[name]) if name.endswith(".css") else _script(*paths[name])))
                paths = paths | {name: (smaller, name)}
        yield from super().post_process(paths, dry_run=dry_run, **options)


def _sheet(storage: Storage, path: str) -> str:
    folder = path.rpartition("/")[0]

    def part(found: re.Match[str]) -> str:
        text = _text(storage, f"{folder}/{found[1]}").replace('url("../', 'url("')
        return f"@layer {found[2]} {{\n{text}}}"

    return NO_STYLE.sub("", SHEET.sub(part, _text(storage, path)))


def _script(storage: Storage, path: str) -> str:
    """Return the script; main.js with all that it imports before it, each in a function that returns what it exports."""
    folder, _, name = path.rpartition("/")
    if name != "main.js":
        return str(rjsmin.jsmin(_text(storage, path)))
    modules: dict[str, str] = {}

    def take(module: str) -> str:
        text = _text(storage, f"{folder}/{module}.js")
        for _names, other in MODULE.findall(text):
            if other not in modules:
                modules[other] = take(other)
        return MODULE.sub(r"const \1 = \2_js;", text)

    last = take("main")
    before = [
        f"const {module}_js = (() => {{\n{EXPORT.sub('', text)}\nreturn {{ {', '.join(EXPORT.findall(text))} }};\n}})();\n"
        for module, text in modules.items()
    ]
    return str(rjsmin.jsmin("".join([*before, last])))


def _text(storage: Storage, path: str) -> str:
    with storage.open(path) as file:
        return bytes(file.read()).decode()
