"""The room's tables, under the name by which Django finds them."""

from providers.accounts.models import ModelPrice, ProviderAccount

__all__ = ["ModelPrice", "ProviderAccount"]
