"""Where files are kept: `choice` reads PORTAL_STORAGE, `oss` and `s3` are object stores, `static` has static files (docs/storage.md).

`generation/store.py` is the only code that uses the media storage.
"""
