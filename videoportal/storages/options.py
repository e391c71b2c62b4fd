"""Options of `OSSStorage`, their defaults, and what is wrong with them. Imports nothing: the settings check them while they are loaded.

An option has the name that django-storages gives to the same one of its backends. Its Django setting and environment variable are `OSS_`
and the name in capitals, except for three that the vendor's SDKs read under another name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["DEFAULTS", "LONGEST_URL_S", "problems", "variable"]

MIB = 1024 * 1024
HIGHEST_PORT = 65_535
LONGEST_URL_S = 604_800
"""The longest life of a URL with a V4 signature: 7 days (help.aliyun.com/en/oss/developer-reference/add-signatures-to-urls, 2026-11-29)."""

DEFAULTS: Mapping[str, Any] = {
    "bucket_name": "",
    "region_name": "",
    # credentials: a provider, or the RAM role of the ECS instance, or a key pair, with a token if it came from STS
    "credentials_provider": "",
    "ecs_ram_role": "",
    "access_key": "",
    "secret_key": "",
    "security_token": "",
    # addresses: where the portal calls, and where browsers do
    "endpoint_url": "",
    "is_cname": False,
    "public_endpoint_url": "",
    "custom_domain": "",
    "url_protocol": "https:",
    "querystring_auth": True,
    "querystring_expire": 3600,
    # how objects are stored
    "location": "",
    "file_overwrite": False,
    "default_acl": "",
    "object_parameters": {},
    "server_side_encryption": "",
    "sse_kms_key_id": "",
    "storage_class": "",
    "multipart_threshold": 32 * MIB,
    "part_size": 8 * MIB,
    # how requests are sent
    "connect_timeout": 5,
    "read_timeout": 60,
    "max_attempts": 4,
    "enable_crc": True,
    "proxies": {},
}
VENDOR_NAMES = {"access_key": "OSS_ACCESS_KEY_ID", "secret_key": "OSS_ACCESS_KEY_SECRET", "security_token": "OSS_SESSION_TOKEN"}
ALLOWED = {
    "url_protocol": ("https:", "http:"),
    "default_acl": ("private", "public-read", "public-read-write", "default"),
    "server_side_encryption": ("AES256", "KMS", "SM4"),
    "storage_class": ("Standard", "IA"),  # the archive classes cannot be read until they are restored, so no video would play
}
LEAST = {"multipart_threshold": 1, "part_size": 100 * 1024, "connect_timeout": 1, "read_timeout": 1, "max_attempts": 1}
"""OSS takes no part below 100 KiB except the last."""


def variable(name: str) -> str:
    """Return the Django setting and environment variable of an option."""
    return VENDOR_NAMES.get(name, f"OSS_{name.upper()}")


def problems(options: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence for each thing that is missing or wrong: what it is, and what to set."""
    yield from _bucket(options["bucket_name"], options["region_name"])
    yield from _credentials(options)
    yield from _addresses(options)
    yield from _objects(options)
    for name, least in LEAST.items():
        if options[name] < least:
            yield f"{variable(name)} is {options[name]}. Set it to {least} or more."


def _bucket(bucket: str, region: str) -> Iterator[str]:
    if not bucket:
        yield "OSS_BUCKET_NAME is empty. Set it to the name of the bucket."
    elif not re.fullmatch(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", bucket):
        yield f"OSS_BUCKET_NAME is “{bucket}”. A bucket's name has 3 to 63 lowercase letters, digits and hyphens."
    if not region:
        yield "OSS_REGION_NAME is empty. Set it to the region of the bucket, such as cn-hangzhou. V4 signatures need it."
    elif region.startswith("oss-") or not re.fullmatch(r"[a-z0-9-]+", region):
        yield f"OSS_REGION_NAME is “{region}”. Write the region without “oss-” and without a domain, such as cn-hangzhou."


def _credentials(options: Mapping[str, Any]) -> Iterator[str]:
    if options["credentials_provider"] or options["ecs_ram_role"]:
        return
    missing = [variable(name) for name in ("access_key", "secret_key") if not options[name]]
    if len(missing) == 1 or (missing and options["security_token"]):
        yield f"The credentials are incomplete. Set {' and '.join(missing)} too."
    elif missing:
        yield (
            "There are no credentials. Set OSS_ACCESS_KEY_ID and OSS_ACCESS_KEY_SECRET, or OSS_ECS_RAM_ROLE on an ECS instance, or "
            "OSS_CREDENTIALS_PROVIDER."
        )


def _addresses(options: Mapping[str, Any]) -> Iterator[str]:
    for name in ("endpoint_url", "public_endpoint_url"):
        if options[name] and not re.fullmatch(r"https?://[\w.-]+(:\d+)?/?", options[name]):
            yield f"{variable(name)} is “{options[name]}”. Write scheme and host, such as https://oss-cn-hangzhou.aliyuncs.com."
        elif (port := re.search(r":(\d+)/?$", options[name])) and not 1 <= int(port[1]) <= HIGHEST_PORT:
            yield f"{variable(name)} is “{options[name]}”. A port is a number from 1 to {HIGHEST_PORT}."
        elif re.match(rf"https?://{re.escape(options['bucket_name'])}\.[\w-]+\.aliyuncs\.com", options[name]) and not options["is_cname"]:
            yield f"{variable(name)} is “{options[name]}”. Write it without the bucket's name, such as https://oss-cn-hangzhou.aliyuncs.com."
    if options["is_cname"] and not options["endpoint_url"]:
        yield "OSS_IS_CNAME is True and OSS_ENDPOINT_URL is empty. Set OSS_ENDPOINT_URL to the domain that is bound to the bucket."
    if "/" in options["custom_domain"]:
        yield f"OSS_CUSTOM_DOMAIN is “{options['custom_domain']}”. Write the domain alone, such as media.example.com."
    expire = options["querystring_expire"]
    if not 1 <= expire <= LONGEST_URL_S:
        yield f"OSS_QUERYSTRING_EXPIRE is {expire}. Set it to 1 to {LONGEST_URL_S} seconds, which are 7 days: OSS refuses more."


def _objects(options: Mapping[str, Any]) -> Iterator[str]:
    location = options["location"]
    if location and {"", ".", ".."} & set(location.removesuffix("/").split("/")):
        yield f"OSS_LOCATION is “{location}”. Write a folder such as portal/videos, without a slash at its start, “//”, “.” or “..”."
    for name, allowed in ALLOWED.items():
        if options[name] and options[name] not in allowed:
            yield f"{variable(name)} is “{options[name]}”. Set it to one of: {', '.join(allowed)}."
    if options["sse_kms_key_id"] and options["server_side_encryption"] != "KMS":
        yield "OSS_SSE_KMS_KEY_ID is set. Set OSS_SERVER_SIDE_ENCRYPTION=KMS too."
