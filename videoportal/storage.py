"""Where static files go when they are collected. Uploaded and made files are in the `default` storage of the settings."""

from __future__ import annotations

from whitenoise.storage import CompressedManifestStaticFilesStorage

__all__ = ["HashedStaticFiles"]


class HashedStaticFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Every file under a name with its hash, also what our JavaScript modules import: after an upgrade no browser keeps an old module.

    Django's own switch (support_js_module_import_aggregation) would read other packages' scripts too, and some name files they do not have.
    """

    patterns = (
        *CompressedManifestStaticFilesStorage.patterns,
        ("portal/js/*.js", ((r"""(?P<matched>from "(?P<url>\./[^"]+)";)""", 'from "%(url)s";'),)),
    )
