"""A token as a pair of keys, for clients that send no token: they sign a JSON Web Token with a secret key, and it names their access key.

The access key is the token's public id. The secret key is an HMAC of the token's digest under TOKEN_PEPPER. It is computed for each check
and not stored, so that it ends with its token, and a stolen database has none (docs/adr/0049).
"""

from __future__ import annotations

import hashlib
import hmac
import time

import jwt
from django.conf import settings

from access.models import ApiToken
from access.tokens import admitted, is_public_id, not_ended

__all__ = ["NotSigned", "authenticate_signed", "is_signed", "secret_key"]

ALGORITHM = "HS256"
LONGEST = 2_000
"""Characters of a signed token; those of real clients have about 200."""
LONGEST_LIFE_S = 24 * 3600
"""Clients sign for half an hour, as the best-known vendor's example does; a few for a day."""
CLOCK_SKEW_S = 30
PURPOSE = b"access.two_keys:"  # part of every secret key that was given out: do not change it with the module's name
_signatures = jwt.PyJWS()


class NotSigned(Exception):
    """A signed token is refused: it has expired (`signature_expired`), is not valid yet (`signature_early`), or is wrong in any other way
    (`signature_refused`); `code` says which.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def secret_key(token: ApiToken) -> str:
    """Return the key with which clients sign: `vpsk_` and 64 hexadecimal digits, so that scanners for leaked secrets find it."""
    return "vpsk_" + hmac.new(settings.TOKEN_PEPPER.encode(), PURPOSE + token.digest.encode(), hashlib.sha256).hexdigest()


def is_signed(text: str) -> bool:
    """Return whether this has the shape of a signed token; the text of a token has no dots."""
    return text.count(".") == 2


def authenticate_signed(text: str, *, ip: str = "", late_s: int = 0) -> ApiToken:
    """Return the token whose secret key signed this text, if it is valid and its owner active. One query; none if the text is malformed,
    names no access key, or is not valid now. `late_s` is for how many seconds its request may have waited since it came.

    Raises `NotSigned`, and `AddressRefused` if the token may not be used from there.
    """
    row = next(iter(not_ended().filter(public_id=_access_key(text, late_s)).order_by()), None)
    if row is None:
        raise NotSigned("signature_refused")
    try:
        _signatures.decode(text, secret_key(row), algorithms=[ALGORITHM])
    except jwt.InvalidTokenError as error:
        raise NotSigned("signature_refused") from error
    if admitted(row, ip=ip) is None:
        raise NotSigned("signature_refused")
    return row


def _access_key(text: str, late_s: int) -> str:
    """Return the access key that the text names, after checking all that needs no secret. Raises `NotSigned`."""
    try:
        if len(text) > LONGEST:
            raise jwt.DecodeError("too long")
        read = jwt.decode_complete(
            text,
            options={"verify_signature": False, "verify_exp": True, "verify_nbf": True, "verify_iat": True, "require": ["iss", "exp"]},
            leeway=CLOCK_SKEW_S + late_s,
        )
    except jwt.ExpiredSignatureError as error:
        raise NotSigned("signature_expired") from error
    except jwt.ImmatureSignatureError as error:
        raise NotSigned("signature_early") from error
    except jwt.InvalidTokenError as error:
        raise NotSigned("signature_refused") from error
    claims, last = read["payload"], time.time() + LONGEST_LIFE_S + CLOCK_SKEW_S
    if read["header"].get("alg") != ALGORITHM or not is_public_id(claims["iss"]) or int(claims["exp"]) > last:
        raise NotSigned("signature_refused")
    return str(claims["iss"])
