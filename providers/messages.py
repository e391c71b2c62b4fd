"""Messages in rows and on pages, and the sentences of this room. A sentence's code is stored: reword it, but keep its code."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models.query_utils import DeferredAttribute
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from providers.core.messages import SENTENCES, Message

__all__ = ["PROVIDER_SENTENCES", "MessageField", "translated"]


def translated(message: Message) -> str:
    """Return the message in the reader's language. A Chinese full stop or colon needs no space after it."""
    return message.text(gettext).replace("。 ", "。").replace("： ", "：")


NOTHING = Message()
"""What most rows have: decoding it would take a good part of the time of a live update."""


class _MessageAttribute(DeferredAttribute):
    def __set__(self, row: models.Model, value: Message | str) -> None:
        row.__dict__[self.field.attname] = Message.of(value)


class MessageField(models.JSONField):
    """A column that keeps a `Message`; a text that is assigned is somebody's own words. Forms do not show it."""

    descriptor_class = _MessageAttribute

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("default", Message)
        kwargs.setdefault("editable", False)
        super().__init__(*args, **kwargs)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Message:
        return NOTHING if value == "[]" else Message.of(super().from_db_value(value, expression, connection))

    def to_python(self, value: Any) -> Message:
        return Message.of(value)

    def get_prep_value(self, value: Any) -> Any:
        return Message.of(value).as_json()

    def value_to_string(self, obj: models.Model) -> Any:
        return self.value_from_object(obj).as_json()


PROVIDER_SENTENCES = {
    "seal_unreadable": _(
        "The keys in CREDENTIAL_KEYS cannot decrypt this account's credentials. Restore the old key or enter the credentials again."
    ),
    "variable_gone": _("%(names)s is not set any more. Set it again and restart web and workers; tasks and renders wait until then."),
    "entry_gone": _("%(path)s has no usable entry for this account any more. Put it back and restart web and workers; its tasks wait."),
    "given_differs": _("%(origin)s has other credentials than this process started with. Restart web and workers."),
    "variable_unfit": _("%(name)s has characters that cannot be sent. A key has only plain letters, digits and marks, in one line."),
    "variable_address": _("%(name)s is not an address that an account may have."),
    "variable_file": _("%(name)s names %(path)s, which cannot be read (%(error)s)."),
    "file_unreadable": _("The accounts file %(path)s cannot be read (%(error)s). Check PORTAL_ACCOUNTS_FILE and the file's permissions."),
    "file_line": _("Accounts file, line %(line)s:"),
    "file_syntax": _("This is not valid %(format)s: %(error)s."),
    "file_no_tables": _('Each account is a table with its name above it: [name] in TOML, "name": {...} in JSON.'),
    "file_name": _("An account's name has 1 to %(most)s characters, in one line."),
    "file_missing_key": _("“%(key)s” is missing."),
    "file_unknown_key": _("There is no “%(key)s”. The keys are: %(known)s."),
    "file_unknown_value": _("“%(key)s” cannot be “%(value)s”. Choose one of: %(known)s."),
    "file_no_text": _("“%(key)s” must be a text in quotes."),
    "file_unfit": _("“%(key)s” has characters that cannot be sent. Only plain letters, digits and marks, in one line."),
    "file_variable": _("The variable %(name)s is not set."),
    "file_secret": _("The file %(path)s cannot be read (%(error)s)."),
    "file_address": _("“%(key)s” is not an address that an account may have."),
    "address_port": _("The port is a number from 1 to 65535."),
    "address_unfit": _("An address has at most %(most)s characters, in one line and without spaces."),
    "address_alone": _("Enter the address without a user name, question mark or hash."),
    "address_scheme": _("The address begins with https:// or http://."),
    "address_metadata": _("This is the address of a cloud's metadata service, which holds keys. Use the vendor's address."),
    "address_not_https": _("Use https. Plain http would expose the key; it is allowed only for services on this machine."),
    "seal_of_another": _("These encrypted credentials belong to another account. Enter them again."),
    "set_clock": _("This server's clock says %(ours)s UTC. Set it, for example by NTP."),
    "vendors_clock": _("The vendor's clock says %(theirs)s UTC."),
    "fresh_cookie": _("The site suspects a robot. Sign in again in a browser and enter the fresh cookie in the account."),
    "model_offline": _("The vendor took this model offline. Choose another model."),
    "open_service": _("Open this model's service in the vendor's console, or give the key the right to use it."),
    "vendor_removed": _("The portal no longer supports the vendor or surface of this account. Delete or disable the account."),
    "answered_http": _("The vendor answered HTTP %(status)s."),
    "may_be_accepted": _("The render may have been accepted."),
    "no_answer_in_time": _("No answer within the time limit."),
    "no_connection_in_time": _("No connection within the time limit."),
    "connection_broke": _("The connection broke (%(error)s)."),
    "connection_refused": _("The host refused the connection."),
    "host_unknown": _("The host name is not known."),
    "address_blocked": _("The portal is not allowed to reach this address."),
    "address_invalid": _("The address is not valid; check the account's base URL."),
    "answer_too_large": _("The vendor's answer is larger than 8 MiB."),
    "tls_failed": _("The TLS handshake failed."),
    "header_unsendable": _("A header cannot be sent; check the account's credentials."),
    "test_accepted": _("%(vendor)s accepts the credentials."),
    "test_answers": _("%(vendor)s responds."),
    "test_balance": _("Left: %(balance)s."),
    "test_nothing_left": _("%(vendor)s accepts the credentials, but the balance is empty. Top it up at the vendor."),
    "test_unknown_host": _("The host %(host)s does not exist. Check the spelling and region of the base URL (usually %(usual)s)."),
    "test_unreachable": _("%(url)s does not respond. Check the base URL and this server's network. (%(words)s)"),
    "test_auth_failed": _("%(vendor)s rejected the key: it is wrong, revoked or not allowed here. Enter it again. (%(words)s)"),
    "test_clock_off": _("%(vendor)s rejects the time of the portal's signature. (%(words)s)"),
    "test_out_of_credit": _("%(vendor)s accepts the key, but the account has no credit left. (%(words)s)"),
    "test_plan_used_up": _("%(vendor)s accepts the key, but the plan's quota is used up for now. (%(words)s)"),
    "test_rate_limited": _("%(vendor)s responds, but its rate limit was reached. Test again in a minute. (%(words)s)"),
    "test_provider_down": _("%(url)s is not working at the moment. Test again later. (%(words)s)"),
    "test_wrong_path": _("%(vendor)s has no API at %(url)s. Check the path of the base URL (usually %(usual)s). (%(words)s)"),
    "test_wrong_endpoint": _("%(url)s is not an API of %(vendor)s. Check the base URL (usually %(usual)s). (%(words)s)"),
    "test_other_address": _(
        "The base URL belongs to another region, but the key is valid for %(own)s. Set the base URL of that region (usually %(usual)s)."
    ),
    "test_other_key": _(
        "The key belongs to another region: %(other)s accepts it, %(own)s does not. "
        "Add an account for %(other)s, or enter a key of this region."
    ),
}
"""Those that begin with `test_` are what a free test of an account found."""
SENTENCES |= PROVIDER_SENTENCES
