"""The pages of the admin that show more than one room. Django imports this package to register them."""

from web.admin import (  # noqa: F401
    accounts,
    aliases,
    audit,
    batches,
    bills,
    budgets,
    cached_models,
    chat,
    collections,
    declared,
    failover,
    links,
    lost_files,
    people,
    recurring,
    reservations,
    stop_switch,
    tasks,
    tokens,
    webhooks,
)
