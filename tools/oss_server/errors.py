"""What OSS answers when it refuses: a status, a code, a sentence, and the number of the page that explains it (`EC`).

Codes and numbers: https://help.aliyun.com/en/oss/user-guide/<EC>, and the pages "HTTP status code 403", "409", "416", "503" (2026-11-29).
An empty `ec` means that no public page or thread with the number was found.
"""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["OssError", "Refusals"]


@dataclass
class OssError(Exception):
    """A refusal. `details` become elements of the XML, as `StringToSign` does."""

    status: int
    code: str
    message: str
    ec: str = ""
    details: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__(f"{self.status} {self.code}: {self.message}")


class Refusals:
    """The refusals that more than one module needs."""

    @staticmethod
    def denied(message: str = "The bucket's ACL does not allow this without a signature.", ec: str = "0003-00000001") -> OssError:
        return OssError(403, "AccessDenied", message, ec)

    @staticmethod
    def argument(message: str, name: str = "", value: str = "", ec: str = "") -> OssError:
        return OssError(400, "InvalidArgument", message, ec, {"ArgumentName": name, "ArgumentValue": value} if name else {})

    @staticmethod
    def no_bucket(bucket: str) -> OssError:
        return OssError(404, "NoSuchBucket", "There is no such bucket.", "0015-00000101", {"BucketName": bucket})

    @staticmethod
    def no_key(key: str) -> OssError:
        return OssError(404, "NoSuchKey", "There is no such object.", "0026-00000001", {"Key": key})

    @staticmethod
    def exists(key: str, ec: str = "0026-00000002") -> OssError:
        message = "The object exists, and the request forbids to overwrite it."
        return OssError(409, "FileAlreadyExists", message, ec, {"Key": key})

    @staticmethod
    def malformed() -> OssError:
        return OssError(400, "MalformedXML", "The XML is not what this operation takes.")
