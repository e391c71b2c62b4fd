"""System checks of the media storage. Ids are stable. Only those of `check --deploy` ask the storage anything."""

from __future__ import annotations

import importlib.util
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as Caution
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import storages
from django.core.files.storage.handler import InvalidStorageError
from django.utils.module_loading import import_string

from videoportal.storages.moving import MovingStorage
from videoportal.storages.oss import OSSStorage


def provider_problem(given: Any) -> str:
    """Return what is wrong with a provider of credentials; empty for none and for one that can be imported. Makes no object of a class."""
    if not given:
        return ""
    name = given if isinstance(given, str) else repr(given)
    try:
        found = import_string(given) if isinstance(given, str) else given
    except Exception as error:  # its module may fail in its own way
        return f"OSS_CREDENTIALS_PROVIDER is “{name}”, which cannot be imported ({type(error).__name__}: {error}). Write module.Class."
    if not callable(getattr(found, "get_credentials", None)):
        return f"OSS_CREDENTIALS_PROVIDER is “{name}”, which has no get_credentials()."
    return ""


def _storages_of_oss() -> list[OSSStorage]:
    """Return the media storage, or those between which files move, as far as they are in OSS. Raises what its options raise."""
    storage = storages["default"]
    parts = (storage.now, storage.before) if isinstance(storage, MovingStorage) else (storage,)
    return [part for part in parts if isinstance(part, OSSStorage)]


@register()
def storage_can_be_used(app_configs: object, **kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """Report options with which the media storage cannot be made, and a CRC that is computed in Python."""
    try:
        found = _storages_of_oss()
    except (ImproperlyConfigured, InvalidStorageError) as error:
        return [Error(f"The media storage cannot be used. {error}", hint="See docs/storage.md.", id="storage.E001")]
    if wrong := [problem for storage in found if (problem := provider_problem(storage.credentials_provider))]:
        return [Error(f"The media storage cannot be used. {problem}", hint="See docs/storage.md.", id="storage.E001") for problem in wrong]
    if not any(storage.enable_crc for storage in found) or importlib.util.find_spec("crcmod._crcfunext") is not None:
        return []
    words = "The checksum of files in OSS is computed in Python, about 1 MB a second: crcmod was installed without a C compiler."
    hint = "Install gcc and Python's headers, then: pip install --force-reinstall --no-binary crcmod --no-cache-dir crcmod"
    return [Caution(words, hint=hint, id="storage.W001")]


@register(Tags.security, deploy=True)
def bucket_is_private(app_configs: object, **kwargs: Any) -> list[CheckMessage]:  # noqa: ARG001
    """Warn, in `check --deploy`, of a bucket that anybody may read. Asks OSS."""
    try:
        return [found for storage in _storages_of_oss() for found in _who_may_read(storage)]
    except (ImproperlyConfigured, InvalidStorageError):
        return []


def _who_may_read(storage: OSSStorage) -> list[CheckMessage]:
    try:
        acl = storage.client.bucket_acl()
    except Exception as error:
        words = f"OSS did not say who may read the bucket {storage.bucket_name}: {type(error).__name__} {getattr(error, 'code', '')}."
        return [Caution(words, hint="Check the address and the rights (oss:GetBucketAcl).", id="storage.W003")]
    if acl == "private":
        return []
    words = f"The bucket {storage.bucket_name} is {acl}: anybody who has or guesses an address can read the videos in it."
    return [Caution(words, hint="Make the bucket private. The portal signs every address that it gives.", id="storage.W002")]
