"""Messages by e-mail, in plain text, to the owner's own address: the one that an administrator entered, or that single sign-on gave."""

from __future__ import annotations

import logging
import smtplib
import time

from django.core.mail import EmailMessage

from webhooks.sender import Answer, ms_since

__all__ = ["MOST_BYTES", "send_mail"]

log = logging.getLogger("webhooks.mail")

MOST_BYTES = 30_000


def send_mail(to: str, subject: str, text: str) -> Answer:
    """Send it once, within settings.EMAIL_TIMEOUT for each step, and return what came of it. Asks no database."""
    began = time.monotonic()
    try:
        EmailMessage(subject=subject, body=text, to=[to]).send()
    except (smtplib.SMTPException, OSError, ValueError) as error:
        log.warning("the mail server did not take a message: %s", type(error).__name__)
        return Answer(code="mail_failed", ms=ms_since(began), reply=str(error)[:1_000])
    return Answer(ms=ms_since(began))
