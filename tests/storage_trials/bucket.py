"""What lies in the bucket, read by the vendor's SDK and not by the portal's storage, against what the rows say."""

from __future__ import annotations

import hashlib

import oss2

from generation.models import Video
from tools.oss_server.testing import ACCESS_KEY_ID, ACCESS_KEY_SECRET, BUCKET, REGION, OssServerProcess

__all__ = ["client_of", "missing_and_wrong", "orphans"]


def client_of(server: OssServerProcess) -> oss2.Bucket:
    auth = oss2.ProviderAuthV4(oss2.credentials.StaticCredentialsProvider(ACCESS_KEY_ID, ACCESS_KEY_SECRET))
    return oss2.Bucket(auth, server.url, BUCKET, region=REGION)


def missing_and_wrong(server: OssServerProcess) -> list[str]:
    """Return the keys of rows that have no object, and of videos whose object has another hash."""
    client, there, found = client_of(server), server.objects(), []
    for video in Video.objects.order_by("pk"):
        found += [f"{key}: no object" for key in video.keys if key not in there]
        if video.file in there and hashlib.sha256(client.get_object(video.file).read()).hexdigest() != video.sha256:
            found.append(f"{video.file}: another hash than its row's")
    return found


def orphans(server: OssServerProcess) -> list[str]:
    """Return the files of videos that no row names. What else is in the bucket is the record of paid requests."""
    there = {key for key in server.objects() if key.startswith("videos/")}
    return sorted(there - {key for video in Video.objects.all() for key in video.keys})
