"""Addresses of links."""

from __future__ import annotations

from django.urls import path, re_path

from delivery.pages import captions, embed, oembed, page, save
from delivery.views import open_link

urlpatterns = [
    path("oembed", oembed, name="oembed"),
    re_path(r"^(?P<token>[\w-]+)/$", page, name="link-page"),
    re_path(r"^(?P<token>[\w-]+)/embed$", embed, name="link-embed"),
    re_path(r"^(?P<token>[\w-]+)/captions$", captions, name="link-captions"),
    re_path(r"^(?P<token>[\w-]+)/save$", save, name="link-save"),
    re_path(r"^(?P<token>[\w-]+)/(?P<variant>video|poster|preview)(?P<suffix>(?:\.\w+)?)$", open_link, name="link"),
]
