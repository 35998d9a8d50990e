"""Reads the signature of a card: does it sign this list, and does Apple stand behind it."""

import hashlib
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import pkcs7
from pyasn1.codec.der import decoder, encoder
from pyasn1.error import PyAsn1Error
from pyasn1_modules import rfc5652

CONTENT_TYPE, DIGEST, TIME = (f"1.2.840.113549.1.9.{number}" for number in (3, 4, 5))
SHA256 = "2.16.840.1.101.3.4.2.1"  # phones take older ones too; nobody signs so any more
SKEW = timedelta(minutes=1)


class BadSignatureError(Exception):
    """What is wrong with a signature, in words."""


def signer(
    signature: bytes, manifest: bytes, root: x509.Certificate, now: datetime
) -> x509.Certificate:
    """Return the certificate that signed the manifest, once all of it holds together."""
    info = _only_signer(signature)
    names = {str(each["attrType"]): bytes(each["attrValues"][0]) for each in info["signedAttrs"]}
    if not {CONTENT_TYPE, DIGEST, TIME} <= names.keys():
        raise BadSignatureError("It lacks a content type, a digest or a signing time.")
    if decoder.decode(names[TIME])[0].asDateTime > datetime.now(UTC) + SKEW:
        raise BadSignatureError("It was signed in the future.")
    if str(info["digestAlgorithm"]["algorithm"]) != SHA256:
        raise BadSignatureError("It is not made with SHA-256.")
    if bytes(decoder.decode(names[DIGEST])[0]) != hashlib.sha256(manifest).digest():
        raise BadSignatureError("It signs another manifest.")
    above, certificate = _chain(
        signature, int(info["sid"]["issuerAndSerialNumber"]["serialNumber"])
    )
    _check_signature(info, certificate)
    _check_chain((certificate, above, root), now)
    return certificate


def _only_signer(signature: bytes) -> Any:
    """Read the one signer of a detached signature."""
    try:
        outer, rest = decoder.decode(signature, asn1Spec=rfc5652.ContentInfo())
        signed, _ = decoder.decode(bytes(outer["content"]), asn1Spec=rfc5652.SignedData())
    except PyAsn1Error as wrong:
        raise BadSignatureError("It is no PKCS#7 signature.") from wrong
    if rest or signed["encapContentInfo"]["eContent"].isValue:
        raise BadSignatureError("It is not detached.")
    if len(signed["signerInfos"]) != 1 or not signed["signerInfos"][0]["signedAttrs"].isValue:
        raise BadSignatureError("It has no signer, or one who signed no attributes.")
    return signed["signerInfos"][0]


def _chain(signature: bytes, serial: int) -> tuple[x509.Certificate, x509.Certificate]:
    """Find the signer's certificate and the one above it."""
    found = pkcs7.load_der_pkcs7_certificates(signature)
    mine = [each for each in found if each.serial_number == serial]
    above = [each for each in found if mine and each.subject == mine[0].issuer]
    if not above:
        raise BadSignatureError("It lacks the intermediate certificate.")
    return above[0], mine[0]


def _check_signature(info: Any, certificate: x509.Certificate) -> None:
    # what is signed is the set of attributes, under the tag of a set
    message = b"\x31" + encoder.encode(info["signedAttrs"])[1:]
    key, given = certificate.public_key(), bytes(info["signature"])
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(given, message, padding.PKCS1v15(), hashes.SHA256())
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(given, message, ec.ECDSA(hashes.SHA256()))
        else:
            raise BadSignatureError("Its key is of no known kind.")
    except InvalidSignature as wrong:
        raise BadSignatureError("It does not fit.") from wrong


def _check_chain(chain: tuple[x509.Certificate, ...], now: datetime) -> None:
    for below, above in pairwise(chain):
        try:
            below.verify_directly_issued_by(above)
        except (ValueError, TypeError, InvalidSignature) as wrong:
            raise BadSignatureError("Apple does not stand behind it.") from wrong
    if not all(each.not_valid_before_utc <= now <= each.not_valid_after_utc for each in chain):
        raise BadSignatureError("A certificate has run out.")
