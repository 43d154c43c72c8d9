"""The certificate of an erasure: written, signed, mailed, found again by its link."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import F
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from apps.accounts.addresses import public_url
from apps.accounts.domain.tokens import hash_of, new_token
from apps.common.ed25519 import verify_signature
from apps.subscriptions.domain.certificate import (
    ALGORITHM,
    FORMAT,
    Kept,
    canonical,
    deleted_rows,
    kept_rows,
)
from apps.subscriptions.models import Certificate, Departure
from apps.tenancy.sealing import signing_seeds

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PURPOSE = "peruse certificates"
# What stands in the file beside what is signed.
SIGNATURE = ("algorithm", "public_key", "signature")
CERTIFICATE_PATH = "/certificate/"
TRIES = 5


def certify(*, row: Departure, now: datetime) -> Certificate:
    """As the platform: the certificate of a departure whose report is whole. Twice is once."""
    body = _body(row, now)
    public_key, signature = _signed(canonical(body))
    made: Certificate
    made, _is_new = Certificate.objects.get_or_create(
        company_id=row.author_id,
        defaults={
            "made_at": now, "body": body, "public_key": public_key, "signature": signature,
            "email": row.email, "language": row.language, **_customers(row, now),
        },
    )  # fmt: skip
    return made


def _customers(row: Departure, now: datetime) -> dict[str, Any]:
    """What is to be deleted at the payment provider, from now on."""
    customers = row.report.get("customers", [])
    return {"customers": customers, "customers_try_at": now if customers else None}


def _body(row: Departure, now: datetime) -> dict[str, Any]:
    own, report = row.author, row.report
    kept = [Kept(table, seen, unseen) for table, (seen, unseen) in report["kept"].items()]
    return {
        "format": FORMAT, "operator": settings.PERUSE_OPERATOR["name"],
        "company": {
            "name": own.name, "address": own.slug, "city": own.city, "country": own.country,
            "vat_id": own.vat_id,
        },
        "asked_at": row.asked_at.isoformat(), "asked_by": row.asked_by,
        "began_at": row.began_at.isoformat() if row.began_at else "", "erased_at": now.isoformat(),
        "export": row.export,
        "deleted": {
            "own": deleted_rows(report["own"]), "shared": deleted_rows(report["gone"]),
            "own_tables": len(report["own"]), "files": len(report["files"]),
            "people": len(report["people"]),
        },
        "kept": kept_rows(kept),
        # That it was done is known later, and stands on the page of the certificate.
        "provider": {"customers_to_delete": len(report.get("customers", []))},
    }  # fmt: skip


def _signed(message: bytes) -> tuple[str, str]:
    """Public key and signature, in hex; by the key in force."""
    key = _keys()[0]
    return _public(key), key.sign(message).hex()


def _keys() -> "list[Ed25519PrivateKey]":
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return [Ed25519PrivateKey.from_private_bytes(seed) for seed in signing_seeds(PURPOSE)]


def _public(key: "Ed25519PrivateKey") -> str:
    return key.public_key().public_bytes_raw().hex()


class Verdict(StrEnum):
    """What is to be thought of a certificate's file that somebody shows."""

    IN_FORCE = "signed here, by the key in force"
    FORMER = "signed here, by a former key"
    KEPT = "signed by a key that is not named any more; the same certificate is kept here"
    UNKNOWN = "whole, but neither signed by a key of this installation nor kept here"
    CHANGED = "not whole: the signature does not fit what it says"


def verdict_on(told: Mapping[str, Any]) -> Verdict:
    """Of a file as `as_file` gives it. As the platform, which alone may look for the kept one.

    A signature fits its own public key whoever made both; that the key is ours follows from SECRET_KEY, its
    fallbacks, or the kept row.
    """
    signed = {name: value for name, value in told.items() if name not in SIGNATURE}
    key, signature = str(told.get("public_key", "")), str(told.get("signature", ""))
    try:
        bits = bytes.fromhex(key), canonical(signed), bytes.fromhex(signature)
    except ValueError:
        return Verdict.CHANGED
    if told.get("algorithm") != ALGORITHM or not verify_signature(*bits):
        return Verdict.CHANGED
    own = [_public(one) for one in _keys()]
    if key in own:
        return Verdict.IN_FORCE if key == own[0] else Verdict.FORMER
    is_kept = Certificate.objects.filter(public_key=key, signature=signature).exists()
    return Verdict.KEPT if is_kept else Verdict.UNKNOWN


def as_file(found: Certificate) -> dict[str, Any]:
    """What is downloaded: the facts, and a signature over their canonical JSON."""
    return {
        **found.body, "algorithm": ALGORITHM, "public_key": found.public_key,
        "signature": found.signature,
    }  # fmt: skip


def mail_certificates(*, now: datetime) -> int:
    """As the platform's worker: send what waits. Returns how many were sent.

    The try is noted before the mail leaves, so that a worker that dies sends the next one at most.
    """
    sent = 0
    waiting = Certificate.objects.filter(mailed_at=None, mail_tries__lt=TRIES)
    for key in list(waiting.values_list("pk", flat=True)[:100]):
        token = new_token()
        noted = waiting.filter(pk=key).update(
            token_hash=hash_of(token), mail_tries=F("mail_tries") + 1, mailed_at=now
        )
        if noted:
            sent += _mail(Certificate.objects.get(pk=key), token)
    return sent


def _mail(row: Certificate, token: str) -> int:
    context = {"url": public_url(CERTIFICATE_PATH, token=token), "name": str(row)}
    with translation.override(row.language):
        subject = _("%(name)s is erased: the certificate") % {"name": row}
        text = render_to_string("public/mail/certificate.txt", context)
    try:
        return EmailMessage(subject, text, to=[row.email]).send()
    except OSError:
        Certificate.objects.filter(pk=row.pk).update(mailed_at=None)
        return 0


def certificate_by(token_hash: str) -> Certificate | None:
    """The certificate whose mail carried this token."""
    return Certificate.objects.filter(token_hash=token_hash).first() if token_hash else None
