"""Who signs Apple's cards: the Pass Type ID certificate, its key, and Apple's one above it.

Whose cards they are is read from the certificate itself, so that it cannot differ from the card.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import NameOID

from loyalty.connectors.spec import Config
from loyalty.errors import VendorRefused

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


class Signer(NamedTuple):
    """Signs for one Pass Type ID of one team."""

    certificate: x509.Certificate
    above: x509.Certificate
    key: Key
    pass_type: str
    team: str

    @property
    def until(self) -> datetime:
        """The last instant at which a phone takes what it signs."""
        return self.certificate.not_valid_after_utc

    def sign(self, manifest: bytes) -> bytes:
        """Return the detached PKCS#7 signature, with its time and both certificates in it."""
        builder = pkcs7.PKCS7SignatureBuilder().set_data(manifest)
        builder = builder.add_signer(self.certificate, self.key, hashes.SHA256())
        # without Binary line ends would be rewritten, and no signature would fit
        options = [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary]
        return builder.add_certificate(self.above).sign(serialization.Encoding.DER, options)

    def __repr__(self) -> str:
        """Never show the key."""
        return "Signer()"


def read(config: Config) -> Signer:
    """Read certificates and key, and whether they go together now.

    Raises VendorRefused with a code that names what is wrong.
    """
    certificate = _certificate(config["certificate"], "bad-certificate")
    above = _certificate(config["wwdr_certificate"], "bad-wwdr-certificate")
    signer = Signer(certificate, above, _key(config["private_key"]), *_owner(certificate))
    if wrong := _mismatch(signer, config.now):
        raise VendorRefused("credentials", wrong)
    return signer


def _certificate(pem: str, code: str) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(_lines(pem))
    except ValueError:
        raise VendorRefused("credentials", code) from None


@lru_cache(maxsize=8)
def _key(pem: str) -> Key:
    """Read a key once: to check one takes long."""
    try:
        key = serialization.load_pem_private_key(_lines(pem), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):  # their texts may quote the key
        raise VendorRefused("credentials", "bad-private-key") from None
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise VendorRefused("credentials", "bad-private-key")
    return key


def _lines(pem: str) -> bytes:
    """Encode PEM, also where a file of settings could hold only one line."""
    return pem.replace("\\n", "\n").encode()


def _owner(certificate: x509.Certificate) -> tuple[str, str]:
    """Read the Pass Type ID and the team that Apple wrote into the certificate."""
    names = [
        certificate.subject.get_attributes_for_oid(kind)
        for kind in (NameOID.USER_ID, NameOID.ORGANIZATIONAL_UNIT_NAME)
    ]
    if not all(names):
        raise VendorRefused("credentials", "no-pass-certificate")
    pass_type, team = (str(found[0].value) for found in names)
    return pass_type, team


def _mismatch(signer: Signer, now: datetime) -> str:
    """Say what a phone would not accept; empty if it would."""
    if signer.key.public_key() != signer.certificate.public_key():
        return "key-mismatch"
    if not _is_signed_by(signer.certificate, signer.above):
        return "wwdr-mismatch"
    if not all(
        each.not_valid_before_utc <= now <= each.not_valid_after_utc
        for each in (signer.certificate, signer.above)
    ):
        return "certificate-expired"
    return ""


def _is_signed_by(certificate: x509.Certificate, above: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(above)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True
