"""The pages of the admin that show more than one room. Django imports this package to register them."""

from web.admin import accounts, audit, declared, failover, links, lost_files, people, stop_switch, tasks, tokens, webhooks  # noqa: F401
