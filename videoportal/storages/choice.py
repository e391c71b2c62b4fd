"""Chooses the media storage: PORTAL_STORAGE is `local`, `oss` or `s3`, and the variables of that one say the rest (docs/storage.md).

PORTAL_STORAGE_BEFORE names the one from which files are moved (`moving.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from videoportal import env
from videoportal.storages.options import DEFAULTS, LONGEST_URL_S, problems, variable

__all__ = ["KINDS", "media_storage"]

S3_VARIABLES: Mapping[str, str] = {
    "bucket_name": "AWS_STORAGE_BUCKET_NAME",
    "region_name": "AWS_S3_REGION_NAME",
    "endpoint_url": "AWS_S3_ENDPOINT_URL",
    "public_endpoint_url": "AWS_S3_PUBLIC_ENDPOINT_URL",
    "access_key": "AWS_ACCESS_KEY_ID",
    "secret_key": "AWS_SECRET_ACCESS_KEY",
    "security_token": "AWS_SESSION_TOKEN",
    "addressing_style": "AWS_S3_ADDRESSING_STYLE",
    "signature_version": "AWS_S3_SIGNATURE_VERSION",
    "location": "AWS_LOCATION",
    "default_acl": "AWS_DEFAULT_ACL",
    "object_parameters": "AWS_S3_OBJECT_PARAMETERS",
    "proxies": "AWS_S3_PROXIES",
}
"""Options of django-storages, and the setting that it reads for each; `public_endpoint_url` is ours."""


def media_storage(folder: Path, kind: str = "") -> dict[str, Any]:
    """Return the entry for Django's STORAGES: of this kind, or as the environment chooses. Raises `BadSetting`, which says what to set.

    `folder` is where files are if they stay on the disk.
    """
    if kind:
        return KINDS[kind](folder)
    now, before = _kind("PORTAL_STORAGE", "local"), _kind("PORTAL_STORAGE_BEFORE", "")
    if not before or before == now:
        return KINDS[now](folder)
    entries = {"now": KINDS[now](folder), "before": KINDS[before](folder)}
    return {"BACKEND": "videoportal.storages.moving.MovingStorage", "OPTIONS": entries}


def _kind(name: str, default: str) -> str:
    kind = env.text(name, default)
    if kind not in KINDS and kind != default:
        raise env.BadSetting(f"{name} is “{kind}”; write {', '.join(list(KINDS)[:-1])} or {list(KINDS)[-1]}.")
    return kind


def _local(folder: Path) -> dict[str, Any]:
    return {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": folder}}


def _oss(_folder: Path) -> dict[str, Any]:
    options = {name: _read(variable(name), default) for name, default in DEFAULTS.items()}
    _refuse(problems(options))
    return {"BACKEND": "videoportal.storages.oss.OSSStorage", "OPTIONS": options}


def _s3(_folder: Path) -> dict[str, Any]:
    options: dict[str, Any] = {name: env.text(variable) for name, variable in S3_VARIABLES.items()}
    options |= {name: env.mapping(S3_VARIABLES[name]) for name in ("object_parameters", "proxies")}
    expire = env.integer("AWS_QUERYSTRING_EXPIRE", 3600)
    wrong = []
    if not options["bucket_name"]:
        wrong.append("AWS_STORAGE_BUCKET_NAME is empty. Set it to the name of the bucket.")
    if not options["region_name"] and not options["endpoint_url"]:
        wrong.append("AWS_S3_REGION_NAME and AWS_S3_ENDPOINT_URL are empty. Set the region for Amazon, or the address of another service.")
    if bool(options["access_key"]) != bool(options["secret_key"]):
        wrong.append(
            "The credentials are incomplete. Set both AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or neither to use boto3's chain."
        )
    if not 1 <= expire <= LONGEST_URL_S:
        wrong.append(f"AWS_QUERYSTRING_EXPIRE is {expire}. Set it to 1 to {LONGEST_URL_S} seconds.")
    _refuse(wrong)
    return {
        "BACKEND": "videoportal.storages.s3.S3MediaStorage",
        "OPTIONS": {name: value for name, value in options.items() if value} | {"querystring_expire": expire},
    }


KINDS: Mapping[str, Callable[[Path], dict[str, Any]]] = {"local": _local, "oss": _oss, "s3": _s3}


def _read(name: str, default: object) -> Any:
    if isinstance(default, bool):
        return env.boolean(name, default=default)
    if isinstance(default, int):
        return env.integer(name, default)
    return env.mapping(name) if isinstance(default, dict) else env.text(name, str(default))


def _refuse(wrong: Any) -> None:
    sentences = list(wrong)
    if sentences:
        raise env.BadSetting(" ".join(sentences))
