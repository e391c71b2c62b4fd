"""The currencies that a price may be in: the codes of ISO 4217 that are money in use, as of 2026-11."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext as _

__all__ = ["currency_of"]

CODES = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY COP CRC CUP CVE CZK
    DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS
    KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD
    OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP
    TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
"""
CURRENCIES = frozenset(CODES.split())


def currency_of(typed: str) -> str:
    """Return the code that was typed into a form, in capitals. Raise ValidationError for one that is not in the list."""
    currency = typed.strip().upper()
    if currency not in CURRENCIES:
        raise forms.ValidationError(_("“%(code)s” is not an ISO 4217 currency code. The renminbi is CNY.") % {"code": currency})
    return currency
