"""The room's tables, under the name by which Django finds them."""

from providers.accounts.models import ModelPrice, ProviderAccount
from providers.declared.models import DeclaredModel

__all__ = ["DeclaredModel", "ModelPrice", "ProviderAccount"]
