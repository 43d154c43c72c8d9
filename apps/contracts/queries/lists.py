"""Which contracts, plans and signatures the current company sees."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from apps.contracts.models import Contract, ContractItem, PlanVersion, Signature
from apps.contracts.queries.refusals import offer_refused
from apps.events.models import AuditRow
from apps.tenancy.context import current_company


def visible_contracts() -> QuerySet[Contract]:
    """Those the company provides (drafts too), and those it is or is offered to be customer of."""
    rows: QuerySet[Contract] = Contract.objects.select_related("customer", "author")
    return rows


def own_contracts() -> QuerySet[Contract]:
    """Those the company provides."""
    return visible_contracts().filter(author=current_company())


def offers_to_sign() -> QuerySet[Contract]:
    """Offers made to the company that it has neither signed nor refused since they were made."""
    company = current_company()
    signed = Signature.objects.filter(
        author=company, contract=OuterRef("pk"), signed_at__gte=OuterRef("offered_at")
    )
    offers = visible_contracts().filter(customer=company, state=Contract.State.OFFERED)
    return offers.exclude(Exists(signed)).exclude(offer_refused())


def plan_in_force(contract: Contract, on: date) -> PlanVersion | None:
    """The plan version that holds on a day; None before the first."""
    rows = PlanVersion.objects.filter(contract=contract, valid_from__lte=on)
    found: PlanVersion | None = rows.order_by("-valid_from", "-number").first()
    return found


def signatures_of(contract: Contract) -> QuerySet[Signature]:
    """Oldest first, with the signing company."""
    rows: QuerySet[Signature] = Signature.objects.filter(contract=contract)
    return rows.select_related("author")


def contracts_of_asset(asset_id: UUID) -> QuerySet[Contract]:
    """Contracts that cover an asset."""
    items = ContractItem.objects.filter(asset=asset_id).values("contract")
    return visible_contracts().filter(pk__in=items)


def covers_of_asset(asset_id: UUID) -> list[ContractItem]:
    """Items of contracts that are or were in force and cover an asset, each contract's channels."""
    states = (Contract.State.ACTIVE, Contract.State.ENDED)
    rows: QuerySet[ContractItem] = ContractItem.objects.filter(
        asset=asset_id, contract__state__in=states
    )
    return list(rows.select_related("contract").order_by("contract__starts_on", "contract", "id"))


def history_of(contract: Contract) -> QuerySet[AuditRow]:
    """What happened to a contract, latest first."""
    rows: QuerySet[AuditRow] = AuditRow.objects.filter(subject=contract.public_id)
    return rows.select_related("author").order_by("-at", "-id")


def offered_before(
    contract: Contract, signatures: Iterable[Signature], content: str
) -> Signature | None:
    """Of a contract's signatures the provider's offer before the wording with this digest."""
    earlier = [
        row for row in signatures
        if row.author_id == contract.author_id and row.content and row.content_sha256 != content
    ]  # fmt: skip
    return max(earlier, key=lambda row: row.signed_at, default=None)
