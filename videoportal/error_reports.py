"""Reports of errors for developers and by mail: code and line numbers without values."""

from __future__ import annotations

from collections.abc import ItemsView
from types import FrameType
from typing import Any

from django.http import HttpRequest
from django.views.debug import SafeExceptionReporterFilter

__all__ = ["WithoutValues"]


class WithoutValues(SafeExceptionReporterFilter):
    """Hides variables and posted fields, also with DEBUG: they contain vendors' keys, signed requests and prompts."""

    def is_active(self, request: HttpRequest | None) -> bool:  # noqa: ARG002 - Django's signature
        return True

    def get_post_parameters(self, request: HttpRequest | None) -> dict[str, Any]:
        return dict.fromkeys(request.POST, self.cleansed_substitute) if request is not None else {}

    def get_traceback_frame_variables(self, request: HttpRequest | None, tb_frame: FrameType) -> ItemsView[str, Any]:  # noqa: ARG002
        return dict.fromkeys(tb_frame.f_locals, self.cleansed_substitute).items()
