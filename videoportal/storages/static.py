"""Where static files go when they are collected. Uploaded and made files are in the `default` storage of the settings."""

from __future__ import annotations

from whitenoise.storage import CompressedManifestStaticFilesStorage

__all__ = ["HashedStaticFiles"]


class HashedStaticFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Stores every file under a name with its hash, also what JavaScript modules import: after an upgrade no browser uses an old module.

    Django's own switch (support_js_module_import_aggregation) would also read other packages' scripts, some of which name missing files.
    """

    patterns = (
        *CompressedManifestStaticFilesStorage.patterns,
        ("portal/js/*.js", ((r"""(?P<matched>from "(?P<url>\./[^"]+)";)""", 'from "%(url)s";'),)),
    )
