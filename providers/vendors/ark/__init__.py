"""Volcengine Ark (and BytePlus): the Seedance video models."""

from providers.vendors.ark.wire import Ark

__all__ = ["Ark"]
