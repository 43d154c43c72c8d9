"""What can be paid to each partner now, and why the rest is held."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Sum

from apps.billing.models import Receivable
from apps.billing.queries.receivables import disputed_line_ids
from apps.common.period import local_date
from apps.payments.queries.accounts import free_from
from apps.settlement.domain.ledger import Purpose
from apps.settlement.models import Account, SelfBillingAgreement, Share
from apps.settlement.queries.frozen import frozen_documents, recorded_payable
from apps.settlement.queries.periods import document_groups
from apps.settlement.queries.statements import waiting_shares
from apps.tenancy.context import current_company

_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Hold:
    """Why something is not paid now; minor units. `name` and `key`: the document, `until`: when it is free.

    `why`: `objection`, `document` (a self-billed document is to be issued), `account` (none is shown),
    `cool_down` (the account is new); `dispute` of what is not payable at all.
    """

    why: str
    minor: int
    name: str = ""
    key: str = ""
    until: datetime | None = None


@dataclass(slots=True)
class Payable:
    """A partner's payable sum and what holds it; minor units of one currency."""

    partner: int
    name: str
    currency: str
    payable_minor: int
    due_back_minor: int = 0
    has_agreement: bool = False
    holds: list[Hold] = field(default_factory=list)
    disputes: list[Hold] = field(default_factory=list)

    @property
    def held_minor(self) -> int:
        return min(sum(hold.minor for hold in self.holds), self.payable_minor)

    @property
    def now_minor(self) -> int:
        return self.payable_minor - self.held_minor


def payables(currency: str, method: str, now: datetime) -> list[Payable]:
    """Partners with something payable, disputed or to be given back in the currency, by name."""
    found = _standing(currency)
    _hold(found, currency, method, now)
    for partner, minor in _disputed(currency).items():
        if partner in found and minor > 0:
            found[partner].disputes.append(Hold("dispute", minor))
    agreed = {row.partner_id for row in _agreements(found) if row.holds_on(local_date(now, "UTC"))}
    for row in found.values():
        row.has_agreement = row.partner in agreed
    shown = (
        row for row in found.values() if row.payable_minor or row.disputes or row.due_back_minor
    )
    return sorted(shown, key=lambda row: (row.name, row.partner))


def payable_currencies() -> list[str]:
    """The company's own currency, and those in which partners have something coming."""
    own = current_company()
    rows = Account.objects.written_by(own).exclude(balance_minor=0).order_by()
    found = rows.filter(purpose__in=[Purpose.PAYABLE, Purpose.OWED, Purpose.DUE_BACK])
    others = set(found.values_list("currency", flat=True).distinct()) - {own.currency}
    return [str(own.currency), *sorted(others)]


def payable_now(
    accounts: Iterable[Account], currency: str, method: str, now: datetime
) -> dict[int, int]:
    """By partner of these payable accounts what can be paid of them now; none where nothing."""
    found = {
        row.partner_id: Payable(row.partner_id, row.partner_name, currency, row.balance_minor)
        for row in accounts
    }
    _hold(found, currency, method, now)
    return {key: row.now_minor for key, row in found.items() if row.now_minor > 0}


def _standing(currency: str) -> dict[int, Payable]:
    rows = Account.objects.written_by(current_company()).filter(
        currency=currency, purpose__in=[Purpose.PAYABLE, Purpose.OWED, Purpose.DUE_BACK]
    )
    found: dict[int, Payable] = {}
    for row in rows:
        item = found.setdefault(
            row.partner_id, Payable(row.partner_id, row.partner_name, currency, 0)
        )
        if row.purpose == Purpose.PAYABLE:
            item.payable_minor = row.balance_minor
        elif row.purpose == Purpose.DUE_BACK:
            item.due_back_minor = -row.balance_minor
    return found


def _hold(found: Mapping[int, Payable], currency: str, method: str, now: datetime) -> None:
    for document in frozen_documents(currency):
        if document.minor and document.partner in found:
            hold = Hold("objection", document.minor, document.name, document.key)
            found[document.partner].holds.append(hold)
    for partner, minor in _undocumented(found, currency).items():
        found[partner].holds.append(Hold("document", minor))
    free = free_from([row.partner for row in found.values() if row.payable_minor], method)
    for row in found.values():
        if not row.payable_minor:
            continue
        since = free.get(row.partner)
        if since is None:
            row.holds.append(Hold("account", row.payable_minor))
        elif now < since:
            row.holds.append(Hold("cool_down", row.payable_minor, until=since))


def _agreements(partners: Iterable[int]) -> list[SelfBillingAgreement]:
    rows = SelfBillingAgreement.objects.written_by(current_company())
    return list(rows.filter(partner__in=list(partners)).select_related("answer"))


def _undocumented(partners: Iterable[int], currency: str) -> dict[int, int]:
    """By partner what is payable of shares that an agreement covers and no document shows yet."""
    agreed: dict[int, list[SelfBillingAgreement]] = defaultdict(list)
    for row in _agreements(partners):
        agreed[row.partner_id].append(row)
    shares = waiting_shares().filter(partner__in=list(agreed), currency=currency).order_by()
    sums = shares.values_list("partner", "document_id", "period_end", "time_zone").annotate(
        minor=Sum("amount_minor")
    )
    groups = document_groups({document for _partner, document, *_rest in sums})
    waiting: dict[tuple[UUID, int], int] = defaultdict(int)
    for partner, document, end, zone, minor in sums:
        day = local_date(end - _MOMENT, zone)
        if document in groups and any(row.holds_on(day) for row in agreed[partner]):
            waiting[groups[document], partner] += minor
    recorded = recorded_payable({group for group, _partner in waiting})
    found: dict[int, int] = defaultdict(int)
    for (group, partner), minor in waiting.items():
        found[partner] += max(min(minor, recorded.get((group, partner), 0)), 0)
    return {partner: minor for partner, minor in found.items() if minor}


def _disputed(currency: str) -> dict[int, int]:
    """By partner its shares of lines that customers dispute, where its terms hold them back."""
    own = current_company()
    documents = Receivable.objects.written_by(own).filter(disputed_minor__gt=0, currency=currency)
    lines = disputed_line_ids(documents.values_list("id", flat=True))
    rows = Share.objects.filter(line_id__in=lines).exclude(partner=own).select_related("terms")
    found: dict[int, int] = defaultdict(int)
    for share in rows:
        if share.terms is None or share.terms.terms["terms"]["held_by_disputes"]:
            found[share.partner_id] += share.amount_minor
    return found
