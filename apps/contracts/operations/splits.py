"""Splits: drafted by the provider, offered to each partner by itself, agreed when all have signed."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.contracts.domain.split import Split
from apps.contracts.events import SplitAgreed, TermsOffered, TermsSigned
from apps.contracts.models import (
    Contract,
    ContractItem,
    PartnerTerms,
    PlanVersion,
    SplitVersion,
    TermsSignature,
)
from apps.contracts.operations.common import locked
from apps.contracts.operations.signing import OfferChanged
from apps.contracts.queries.networks import companies_gone
from apps.contracts.queries.plans import starts_a_period
from apps.contracts.queries.splits import charges_seen, open_split, terms_digest
from apps.events.operations import publish, record
from apps.networks.queries import has_left
from apps.tenancy.context import current_company
from apps.tenancy.models import Company
from apps.tenancy.queries import known_companies


@transaction.atomic
def draft_split(
    *, contract: Contract, split: Mapping[str, Any], valid_from: date, now: datetime, actor: Any,
    label: str = "",
) -> SplitVersion:  # fmt: skip
    """Write the contract's next split, or rewrite the drafted one. Nobody else sees it.

    `label`: what partners read for the contract's title; empty: its id.

    Raises SplitRefused with places in the split, ValidationError on `valid_from` and `split`.
    """
    contract = locked(contract.pk)
    value = Split.from_dict(split)
    version = open_split(contract)
    if version is not None and version.state == SplitVersion.State.OFFERED:
        raise ValidationError(_("A split is offered. Withdraw it before you draft another."))
    _judge(contract, value, valid_from)
    if version is None:
        number = 1 + SplitVersion.objects.filter(contract=contract).count()
        version = SplitVersion(
            author=current_company(), parties=[contract.author_id], contract=contract, number=number
        )
    version.valid_from, version.made_at, version.label = valid_from, now, label.strip()
    version.split, version.split_sha256 = value.to_dict(), value.hash
    version.save()
    _note("split_drafted", contract, now, actor, version.split_sha256)
    return version


@transaction.atomic
def offer_split(*, contract: Contract, now: datetime, actor: Any) -> SplitVersion:
    """Show each partner its own terms. Twice is once. Without partners it is agreed at once.

    Raises ValidationError.
    """
    contract = locked(contract.pk)
    version = open_split(contract)
    if version is None:
        raise ValidationError(_("There is no drafted split. Draft one first."))
    if version.state == SplitVersion.State.OFFERED:
        return version
    if contract.state not in (Contract.State.OFFERED, Contract.State.ACTIVE):
        raise ValidationError(_("Offer the contract to the customer first, then its split."))
    _judge(contract, version.value, version.valid_from)
    version.state = SplitVersion.State.OFFERED
    version.save(update_fields=["state"])
    partners = _write_terms(contract, version, now)
    _note("split_offered", contract, now, actor, version.split_sha256)
    for partner in partners:
        event = TermsOffered(contract.pk)
        publish(name=event.name, payload=event.payload, now=now, to=[partner])
    if not partners:
        _agree(contract, version, now)
    return version


@transaction.atomic
def withdraw_split(*, contract: Contract, now: datetime, actor: Any) -> None:
    """Take an offered split back, or forget a draft. Without one nothing happens."""
    contract = locked(contract.pk)
    version = open_split(contract)
    if version is None:
        return
    PartnerTerms.objects.filter(version=version).update(withdrawn_at=now)
    version.state = SplitVersion.State.WITHDRAWN
    version.save(update_fields=["state"])
    _note("split_withdrawn", contract, now, actor, version.split_sha256)


@transaction.atomic
def sign_terms(*, terms_id: UUID, content: str, now: datetime, actor: Any) -> TermsSignature:
    """In the partner's company: say yes to the terms its page showed. Twice is once.

    Raises PartnerTerms.DoesNotExist, OfferChanged, ValidationError.
    """
    company = current_company()
    terms = PartnerTerms.objects.select_related("author").get(pk=terms_id, partner=company)
    found: TermsSignature | None = TermsSignature.objects.filter(terms=terms).first()
    if found is not None:
        return found
    if terms.withdrawn_at is not None:
        raise ValidationError(_("These terms were withdrawn."))
    if terms.network_id is not None and has_left(terms.network_id):
        raise ValidationError(_("Your company has left the network of these terms."))
    if content != terms.terms_sha256:
        raise OfferChanged(_("The offer changed since you opened the page. Look at it again."))
    signature: TermsSignature = TermsSignature.objects.create(
        author=company, parties=terms.parties, terms=terms, terms_sha256=content,
        signed_by=str(actor)[:200], signed_at=now,
    )  # fmt: skip
    record(
        action="terms_signed", subject=terms.public_id, now=now, actor=actor,
        also=[terms.author_id], details={"content": content},
    )  # fmt: skip
    event = TermsSigned(terms.contract_id)
    publish(name=event.name, payload=event.payload, now=now, to=[terms.author_id])
    return signature


@transaction.atomic
def agree_split(*, contract_id: UUID, now: datetime) -> bool:
    """In the provider's company: the offered split is in force once every partner has signed.

    False when it is not, or is already.
    """
    contract = locked(contract_id)
    version = open_split(contract)
    if version is None or version.state != SplitVersion.State.OFFERED:
        return False
    terms = PartnerTerms.objects.filter(version=version)
    if companies_gone(contract) & set(terms.values_list("partner", flat=True)):
        return False
    signed = TermsSignature.objects.filter(terms__version=version)
    if signed.count() != terms.count():
        return False
    _agree(contract, version, now)
    return True


def _agree(contract: Contract, version: SplitVersion, now: datetime) -> None:
    version.state, version.agreed_at = SplitVersion.State.AGREED, now
    version.save(update_fields=["state", "agreed_at"])
    _note("split_agreed", contract, now, None, version.split_sha256)
    event = SplitAgreed(contract.pk)
    publish(name=event.name, payload=event.payload, now=now)


def _judge(contract: Contract, split: Split, valid_from: date) -> None:
    """Raises ValidationError on `valid_from` and `split`."""
    refused = {"valid_from": _day_words(contract, valid_from), "split": _words(contract, split)}
    if any(refused.values()):
        raise ValidationError({name: words for name, words in refused.items() if words})


def _day_words(contract: Contract, valid_from: date) -> list[str]:
    agreed = SplitVersion.objects.filter(contract=contract, state=SplitVersion.State.AGREED)
    latest = agreed.order_by("-valid_from").first()
    if latest is not None and valid_from <= latest.valid_from:
        day = date_format(latest.valid_from, "DATE_FORMAT")
        return [_("A later version is agreed from %(day)s on already.") % {"day": day}]
    if valid_from < contract.starts_on:
        return [_("The contract begins after that day.")]
    if valid_from != contract.starts_on and not starts_a_period(contract, valid_from):
        return [_("A split begins with a billing period.")]
    return []


def _words(contract: Contract, split: Split) -> list[str]:
    found = []
    if split.currency != contract.currency:
        text = _("The split is in the contract's currency, %(code)s.")
        found.append(text % {"code": contract.currency})
    if contract.customer_id in split.parties:
        found.append(_("The customer pays and takes no part in the split."))
    if set(split.parties) - set(known_companies().values_list("pk", flat=True)):
        found.append(_("Choose companies from your partners."))
    if companies_gone(contract) & set(split.parties):
        found.append(_("A company of the split has left the contract's network."))
    return [*found, *_unknown_names(contract, split)]


def _unknown_names(contract: Contract, split: Split) -> list[str]:
    """Charges and meters that the split speaks of and the contract does not have."""
    plans = PlanVersion.objects.filter(contract=contract)
    charges = {str(charge["code"]) for plan in plans for charge in plan.plan["charges"]}
    named = {code for step in split.line_steps for code in step.charges}
    named |= {bearer.charge for bearer in split.bearers}
    meters = set(ContractItem.objects.filter(contract=contract).values_list("meter", flat=True))
    text = _("The contract has no charge “%(code)s”.")
    without_meter = _("The contract has no meter “%(code)s”.")
    return [
        *(text % {"code": code} for code in sorted(named - charges)),
        *(without_meter % {"code": code} for code in sorted(set(split.keys) - meters)),
    ]


def _write_terms(contract: Contract, version: SplitVersion, now: datetime) -> list[int]:
    """One row for each partner, with nothing of the others. Returns their keys."""
    split = version.value
    partners = [party for party in split.parties if party != contract.author_id]
    names = dict(Company.objects.filter(pk__in=partners).values_list("pk", "name"))
    for partner in partners:
        terms = split.view_of(partner)
        PartnerTerms.objects.create(
            author_id=contract.author_id, parties=sorted([contract.author_id, partner]),
            contract=contract, version=version, partner_id=partner, network=contract.network,
            provider_name=contract.provider_name, partner_name=names[partner],
            title=version.label or contract.public_id, valid_from=version.valid_from, terms=terms,
            charges=charges_seen(contract, split, partner),
            terms_sha256=terms_digest(contract, version.valid_from, terms), offered_at=now,
        )  # fmt: skip
    return partners


def _note(action: str, contract: Contract, now: datetime, actor: Any, content: str) -> None:
    """Seen by the provider alone: not even the history tells the customer of a split."""
    record(
        action=action, subject=contract.public_id, now=now, actor=actor,
        details={"content": content},
    )  # fmt: skip
