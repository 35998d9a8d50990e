"""How each vendor signs what it sends, written from its public description alone."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from functools import cache

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)


def square(key: str, notification_url: str, body: bytes) -> str:
    """Sign the registered address followed by the raw body, HMAC-SHA256 in base64."""
    digest = hmac.digest(key.encode(), notification_url.encode() + body, "sha256")
    return base64.b64encode(digest).decode()


def twilio(auth_token: str, url: str, form: Mapping[str, str]) -> str:
    """Sign the address without its fragment, then each name and value sorted by name."""
    said = url.partition("#")[0] + "".join(name + form[name] for name in sorted(form))
    return base64.b64encode(hmac.digest(auth_token.encode(), said.encode(), "sha1")).decode()


@cache
def _sendgrid_key(seed: str) -> ec.EllipticCurvePrivateKey:
    scalar = int.from_bytes(hashlib.sha256(seed.encode()).digest(), "big")
    return ec.derive_private_key(scalar, ec.SECP256R1())


def sendgrid(seed: str, timestamp: str, body: bytes) -> str:
    """Sign the timestamp followed by the raw body, ECDSA P-256 over SHA-256, DER in base64."""
    signature = _sendgrid_key(seed).sign(timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))
    return base64.b64encode(signature).decode()


def sendgrid_public_key(seed: str) -> str:
    """Give the key to check with, as the Mail Settings page shows it: base64 of the DER form."""
    public = _sendgrid_key(seed).public_key()
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


@cache
def rsa_key() -> rsa.RSAPrivateKey:
    """Make the one RSA key of this process, for whoever needs one: none is kept anywhere."""
    return rsa.generate_private_key(65537, 2048)


def pem(key: rsa.RSAPrivateKey) -> str:
    """Write a private key as vendors hand it out."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
