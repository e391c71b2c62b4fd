"""The token that is made of Kling's two keys: a JSON Web Token, signed with HS256. Pure: the time is an argument.

Kling developer documents, "API authentication"; read 2026-11-20.
"""

from __future__ import annotations

import warnings
from datetime import datetime, timedelta

import jwt
from jwt.warnings import InsecureKeyLengthWarning

__all__ = ["token_of"]

LIFE = timedelta(minutes=30)
CLOCK_SKEW = timedelta(seconds=5)
warnings.filterwarnings("ignore", category=InsecureKeyLengthWarning)  # Kling chooses its keys; the simulator's is short


def token_of(access_key: str, secret_key: str, at: datetime) -> str:
    """Return a token that is good for half an hour."""
    claims = {"iss": access_key, "exp": int((at + LIFE).timestamp()), "nbf": int((at - CLOCK_SKEW).timestamp())}
    return jwt.encode(claims, secret_key, algorithm="HS256")
