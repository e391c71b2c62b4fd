"""The one exception of the media check."""

__all__ = ["BadMedia"]


class BadMedia(Exception):
    """Bytes that are not a whole video. `code` is a stable slug; `retryable` means that another try with the same bytes may succeed."""

    def __init__(self, code: str, message: str, *, retryable: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.retryable = retryable
