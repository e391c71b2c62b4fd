"""Where static files go when they are collected. Uploaded and made files are in the `default` storage of the settings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage, Storage
from whitenoise.storage import CompressedManifestStaticFilesStorage

__all__ = ["HashedStaticFiles"]

SHEETS = ("portal/portal.css", "portal/admin.css")
NO_STYLE = re.compile(r"/\*.*?\*/|(?<=\n)\s+", re.DOTALL)
"""Comments and indents: a third of a sheet."""
IMPORT = re.compile(r'@import url\("(css/\w+\.css)"\) layer\((\w+)\);')


class HashedStaticFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Stores every file under a name with its hash, also what JavaScript modules import: after an upgrade no browser uses an old module.

    Django's own switch (support_js_module_import_aggregation) would also read other packages' scripts, some of which name missing files.
    """

    patterns = (
        *CompressedManifestStaticFilesStorage.patterns,
        ("portal/js/*.js", ((r"""(?P<matched>from "(?P<url>\./[^"]+)";)""", 'from "%(url)s";'),)),
    )

    def post_process(self, paths: dict[str, tuple[Storage, str]], dry_run: bool = False, **options: Any) -> Iterator[Any]:
        """Put what a sheet imports into the sheet: a browser shows nothing before it has all of them, and would ask for each.

        Comments and indents go.
        """
        joined = InMemoryStorage()
        for name in SHEETS:
            if name in paths:
                joined.save(name, ContentFile(_joined(*paths[name])))
                paths = paths | {name: (joined, name)}
        yield from super().post_process(paths, dry_run=dry_run, **options)


def _joined(storage: Storage, path: str) -> str:
    folder = path.rpartition("/")[0]

    def part(found: re.Match[str]) -> str:
        text = _text(storage, f"{folder}/{found[1]}").replace('url("../', 'url("')
        return f"@layer {found[2]} {{\n{text}}}"

    return NO_STYLE.sub("", IMPORT.sub(part, _text(storage, path)))


def _text(storage: Storage, path: str) -> str:
    with storage.open(path) as file:
        return bytes(file.read()).decode()
