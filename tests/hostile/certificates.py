"""An authority made for one run, and certificates that it signed, or did not."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

__all__ = ["AUTHORITY", "context_of", "make_certificates"]

AUTHORITY = "authority.pem"
A_DAY = dt.timedelta(days=1)


def make_certificates(folder: Path) -> None:
    """Write the authority, and a key with its certificate for each name that a kind may ask for: trusted, expired, strange, elsewhere."""
    folder.mkdir(parents=True, exist_ok=True)
    ours, strange = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    now, here = dt.datetime.now(dt.UTC), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    authority = _sign(ours, "authority", ours.public_key(), now, None)
    (folder / AUTHORITY).write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    for name, signer, host, at in (
        ("trusted", ours, here, now),
        ("expired", ours, here, now - 9 * A_DAY),
        ("strange", strange, here, now),
        ("elsewhere", ours, x509.DNSName("elsewhere.example"), now),
    ):
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _sign(signer, name, key.public_key(), at, host)
        private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        (folder / f"{name}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + private)


def _sign(
    signer: ec.EllipticCurvePrivateKey, name: str, key: ec.EllipticCurvePublicKey, at: dt.datetime, host: x509.GeneralName | None
) -> x509.Certificate:
    issuer = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "authority")])
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    made = x509.CertificateBuilder(issuer_name=issuer, subject_name=subject, public_key=key)
    made = made.serial_number(x509.random_serial_number()).not_valid_before(at - A_DAY).not_valid_after(at + A_DAY)
    made = made.add_extension(x509.BasicConstraints(ca=host is None, path_length=None), critical=True)
    made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    made = made.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    if host is not None:
        made = made.add_extension(x509.SubjectAlternativeName([host]), critical=False)
    return made.sign(signer, hashes.SHA256())


@cache
def context_of(folder: Path, name: str) -> ssl.SSLContext:
    """Return a server's TLS settings with one of the certificates."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / f"{name}.pem")
    return context
