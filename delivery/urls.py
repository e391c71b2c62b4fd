"""Addresses of links."""

from __future__ import annotations

from django.urls import re_path

from delivery.views import open_link

urlpatterns = [re_path(r"^(?P<token>[\w-]+)/(?P<variant>video|poster|preview)(?P<suffix>(?:\.\w+)?)$", open_link, name="link")]
