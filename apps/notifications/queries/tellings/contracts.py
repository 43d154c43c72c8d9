"""Contracts and networks: offered, agreed, ended; asked, joined, left."""

from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from apps.common.period import local_date, parse_instant
from apps.contracts.models import Contract, EndNotice, PartnerTerms
from apps.events.models import OutboxEvent
from apps.networks.models import Answer, Participation
from apps.notifications.domain.told import Told
from apps.notifications.queries.tellings.registry import Teller, from_others
from apps.tenancy.context import current_company


def _contract(event: OutboxEvent) -> Contract | None:
    found: Contract | None = Contract.objects.filter(pk=event.payload["contract"]).first()
    return found


def _of_contract(event: OutboxEvent, *, topic: str, message: str) -> list[Told]:
    contract = _contract(event)
    if contract is None:
        return []
    return [Told(topic, message, contract.public_id, _facts(event, contract.title))]


def _facts(event: OutboxEvent, title: str) -> dict[str, Any]:
    return {"company": event.author.name, "title": title}


def _terms_offered(event: OutboxEvent) -> list[Told]:
    """The partner does not see the contract, only its own terms."""
    own = PartnerTerms.objects.filter(
        contract_id=UUID(event.payload["contract"]), partner=current_company()
    )
    terms = own.order_by("-offered_at").first()
    if terms is None:
        return []
    return [Told("offers", "terms_offered", terms.public_id, _facts(event, terms.title))]


def _end_set(event: OutboxEvent) -> list[Told]:
    """For the customer; who only collects under it ends its grants by itself."""
    contract = _contract(event)
    if contract is None or contract.customer_id != current_company().pk:
        return []
    facts = _facts(event, contract.title)
    if contract.ends_on == contract.starts_on:
        return [Told("ends", "contract_cancelled_with_network", contract.public_id, facts)]
    ends_at = parse_instant(str(event.payload["ends_at"]))
    last = local_date(ends_at, contract.time_zone) - timedelta(days=1)
    facts["last_on"] = last.isoformat()
    return [Told("ends", "contract_ends", contract.public_id, facts)]


def _ended_with_network(event: OutboxEvent) -> list[Told]:
    """For the provider, in whose name its portal did it: its own people did not."""
    contract = _contract(event)
    if contract is None or contract.author_id != current_company().pk:
        return []
    facts = {"company": contract.customer_name, "title": contract.title}
    if contract.ends_on is None or contract.state == Contract.State.DRAFT:
        return [Told("ends", "offer_ended_with_network", contract.public_id, facts)]
    if contract.ends_on == contract.starts_on:
        return [Told("ends", "contract_cancelled_with_network", contract.public_id, facts)]
    last = contract.ends_on - timedelta(days=1)
    facts["last_on"] = last.isoformat()
    return [Told("ends", "contract_ended_with_network", contract.public_id, facts)]


def _offer_withdrawn(event: OutboxEvent) -> list[Told]:
    """The customer does not see the contract any more; it knows it by its title."""
    return [Told("offers", "offer_withdrawn", "", _facts(event, str(event.payload["title"])))]


def _notice_given(event: OutboxEvent) -> list[Told]:
    contract = _contract(event)
    given = EndNotice.objects.filter(
        contract=contract, author=event.author_id, kind=EndNotice.Kind.NOTICE
    ).order_by("made_at", "id")  # fmt: skip
    row = given.last()
    if contract is None or row is None:
        return []
    last = row.ends_on - timedelta(days=1)
    facts = {**_facts(event, contract.title), "last_on": last.isoformat()}
    return [Told("ends", "notice_given", contract.public_id, facts)]


def _refused(event: OutboxEvent) -> list[Told]:
    return _of_contract(event, topic="agreements", message=f"{event.payload['what']}_refused")


def _participation(event: OutboxEvent) -> Participation | None:
    rows = Participation.objects.select_related("network")
    found: Participation | None = rows.filter(pk=event.payload["participation"]).first()
    return found


def _invited(event: OutboxEvent) -> list[Told]:
    row = _participation(event)
    if row is None:
        return []
    facts = {**_facts(event, row.network.name), "role": row.role}
    return [Told("networks", "network_invited", row.network.public_id, facts)]


def _answered(event: OutboxEvent) -> list[Told]:
    row = _participation(event)
    if row is None:
        return []
    said = Answer.objects.filter(participation=row, author=event.author_id).order_by(
        "said_at", "id"
    )
    last = said.last()
    if last is None:
        return []
    facts = _facts(event, row.network.name)
    return [Told("networks", f"network_{last.kind}", row.network.public_id, facts)]


def _member_ended(event: OutboxEvent) -> list[Told]:
    """For the company itself, where the founder ended it."""
    row = _participation(event)
    if row is None or row.company_id != current_company().pk:
        return []
    if Answer.objects.filter(participation=row, kind=Answer.Kind.LEFT).exists():
        return []
    facts = _facts(event, row.network.name)
    return [Told("networks", "network_ended", row.network.public_id, facts)]


TELLERS: dict[str, Teller] = {
    "contracts.offered": partial(_of_contract, topic="offers", message="contract_offered"),
    "contracts.plan_proposed": partial(_of_contract, topic="offers", message="prices_proposed"),
    "contracts.cover_proposed": partial(_of_contract, topic="offers", message="assets_proposed"),
    "contracts.terms_offered": _terms_offered,
    "contracts.signed": partial(_of_contract, topic="agreements", message="contract_signed"),
    "contracts.plan_accepted": partial(_of_contract, topic="agreements", message="prices_accepted"),
    "contracts.cover_accepted": partial(
        _of_contract, topic="agreements", message="assets_accepted"
    ),
    "contracts.terms_signed": partial(_of_contract, topic="agreements", message="terms_signed"),
    "contracts.activated": from_others(
        partial(_of_contract, topic="agreements", message="contract_in_force")
    ),
    "contracts.end_set": from_others(_end_set),
    "contracts.ended_with_network": _ended_with_network,
    "contracts.offer_withdrawn": _offer_withdrawn,
    "contracts.notice_given": _notice_given,
    "contracts.end_proposed": partial(_of_contract, topic="offers", message="end_proposed"),
    "contracts.end_accepted": partial(_of_contract, topic="agreements", message="end_accepted"),
    "contracts.refused": _refused,
    "contracts.terms_refused": partial(_of_contract, topic="agreements", message="terms_refused"),
    "networks.invited": _invited,
    "networks.answered": _answered,
    "networks.ended": from_others(_member_ended),
}
