"""Buckets on this machine for `make run` and `make demo`: what the portal's settings must be, and a client of its own that reads them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tools import s3_server
from tools.oss_server import testing as oss

__all__ = ["BUCKETS", "Bucket", "open_bucket"]

BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """A bucket that is open. `environment` are the portal's settings for it; `place` says to a person where the objects are."""

    environment: Mapping[str, str]
    place: str
    keys: Callable[[str], list[str]]
    """Return the keys that begin with this."""
    _open: Callable[[str], IO[bytes]]

    def sha256(self, key: str) -> str:
        """Return the hash of an object, read by the vendor's SDK and not by the portal."""
        digest, body = hashlib.sha256(), self._open(key)
        while block := body.read(BLOCK_BYTES):
            digest.update(block)
        return digest.hexdigest()


@contextmanager
def _local(_folder: Path, _port: int) -> Iterator[None]:
    yield None


@contextmanager
def _oss(folder: Path, port: int) -> Iterator[Bucket]:
    import oss2  # half a second, only for those who ask for it

    with oss.OssServerProcess(folder=folder, port=port) as server:
        auth = oss2.ProviderAuthV4(oss2.credentials.StaticCredentialsProvider(oss.ACCESS_KEY_ID, oss.ACCESS_KEY_SECRET))
        client = oss2.Bucket(auth, server.url, oss.BUCKET, region=oss.REGION)
        yield Bucket(
            environment={
                "PORTAL_STORAGE": "oss",
                "OSS_BUCKET_NAME": oss.BUCKET,
                "OSS_REGION_NAME": oss.REGION,
                "OSS_ENDPOINT_URL": server.url,
                "OSS_ACCESS_KEY_ID": oss.ACCESS_KEY_ID,
                "OSS_ACCESS_KEY_SECRET": oss.ACCESS_KEY_SECRET,
            },
            place=f"the bucket {oss.BUCKET} of an OSS server at {server.url}; its objects are files in {folder / oss.BUCKET}",
            keys=lambda prefix: [entry.key for entry in oss2.ObjectIteratorV2(client, prefix=prefix, max_keys=1000)],
            _open=client.get_object,
        )


@contextmanager
def _s3(_folder: Path, port: int) -> Iterator[Bucket]:
    import boto3

    with s3_server.S3ServerProcess(port=port) as server:
        client = boto3.client(
            "s3",
            endpoint_url=server.url,
            region_name=s3_server.REGION,
            aws_access_key_id=s3_server.ACCESS_KEY_ID,
            aws_secret_access_key=s3_server.SECRET_ACCESS_KEY,
        )
        pages = client.get_paginator("list_objects_v2")
        yield Bucket(
            environment={
                "PORTAL_STORAGE": "s3",
                "AWS_STORAGE_BUCKET_NAME": s3_server.BUCKET,
                "AWS_S3_REGION_NAME": s3_server.REGION,
                "AWS_S3_ENDPOINT_URL": server.url,
                "AWS_ACCESS_KEY_ID": s3_server.ACCESS_KEY_ID,
                "AWS_SECRET_ACCESS_KEY": s3_server.SECRET_ACCESS_KEY,
            },
            place=f"the bucket {s3_server.BUCKET} of an S3 server at {server.url}, in its memory; {server.url}/moto-api/ shows them",
            keys=lambda prefix: [
                entry["Key"] for page in pages.paginate(Bucket=s3_server.BUCKET, Prefix=prefix) for entry in page.get("Contents", [])
            ],
            _open=lambda key: client.get_object(Bucket=s3_server.BUCKET, Key=key)["Body"],
        )


BUCKETS: Mapping[str, Callable[[Path, int], AbstractContextManager[Bucket | None]]] = {"local": _local, "oss": _oss, "s3": _s3}


def open_bucket(kind: str, folder: Path, *, port: int = 0) -> AbstractContextManager[Bucket | None]:
    """Start the server of this kind of storage, with objects in this folder if it keeps them on disk. None for `local`."""
    return BUCKETS[kind](folder, port)
