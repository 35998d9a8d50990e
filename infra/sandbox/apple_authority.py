"""Apple's side of certificates: a root, one that signs for it, and the merchant's below them.

All are made in this process, with keys that follow from a seed; phones of the sandbox trust the
root, and nobody else does.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

MADE, UNTIL = datetime(2020, 1, 1, tzinfo=UTC), datetime(2049, 12, 31, tzinfo=UTC)


@dataclass(frozen=True)
class Authority:
    """Two certificates, one above the other, and the key of the lower one."""

    root: x509.Certificate
    below: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    def issue(
        self,
        public_key: Any,
        pass_type: str,
        team: str,
        made: datetime = MADE,
        until: datetime = UNTIL,
    ) -> x509.Certificate:
        """Sign a Pass Type ID certificate, with the names where Apple puts them."""
        subject = x509.Name(
            [
                x509.NameAttribute(NameOID.USER_ID, pass_type),
                x509.NameAttribute(NameOID.COMMON_NAME, f"Pass Type ID: {pass_type}"),
                x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, team),
            ]
        )
        return _signed(subject, public_key, self.below.subject, self.key, (made, until))


@cache
def authority(seed: str = "apple") -> Authority:
    """Make the authority of a seed."""
    root_key, key = _key(f"{seed}-root"), _key(f"{seed}-below")
    top, middle = _common(f"Sandbox Root {seed}"), _common(f"Sandbox Worldwide Relations {seed}")
    root = _signed(top, root_key.public_key(), top, root_key, (MADE, UNTIL), ca=True)
    below = _signed(middle, key.public_key(), top, root_key, (MADE, UNTIL), ca=True)
    return Authority(root, below, key)


def pem(certificate: x509.Certificate) -> str:
    """Write a certificate as merchants keep it."""
    return certificate.public_bytes(Encoding.PEM).decode()


def _key(seed: str) -> ec.EllipticCurvePrivateKey:
    scalar = int.from_bytes(hashlib.sha256(seed.encode()).digest(), "big")
    return ec.derive_private_key(scalar, ec.SECP256R1())


def _common(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _signed(
    subject: x509.Name,
    public_key: Any,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    valid: tuple[datetime, datetime],
    *,
    ca: bool = False,
) -> x509.Certificate:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer)
    builder = builder.public_key(public_key).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(valid[0]).not_valid_after(valid[1])
    limits = x509.BasicConstraints(ca=ca, path_length=None)
    return builder.add_extension(limits, critical=True).sign(key, hashes.SHA256())
