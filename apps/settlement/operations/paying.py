"""From recognised to payable: with the invoice, or as the customer pays, less what is disputed."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q

from apps.billing.models import Invoice
from apps.billing.queries.receivables import disputed_line_ids, paid_share
from apps.contracts.domain.split import PayTerms
from apps.contracts.models import PartnerTerms
from apps.settlement.domain.ledger import Claim, Purpose, made_payable
from apps.settlement.domain.payable import gross_payable, payable_of
from apps.settlement.models import Share, Transfer
from apps.settlement.operations.ledger import Books, Pair, Posting, locked_books, post
from apps.settlement.queries.frozen import recorded_payable
from apps.settlement.queries.periods import document_groups
from apps.settlement.queries.taxes import taxes_of_shares
from apps.tenancy.context import current_company


class _Had(NamedTuple):
    """What of a share makes it payable; as plain values, since there are many."""

    id: UUID
    document_id: UUID
    line_id: UUID | None
    partner_id: int
    partner_name: str
    amount_minor: int
    currency: str
    terms_id: UUID | None


@dataclass(slots=True)
class _Group:
    """A document with its credit notes: what each partner has of it, and how it was made payable."""

    shares: list[_Had] = field(default_factory=list)
    net_minor: int = 0
    # By partner the tax of its documents.
    taxes: dict[int, int] = field(default_factory=lambda: defaultdict(int))

    def pair_of(self, party: int) -> Pair:
        share = next(share for share in self.shares if share.partner_id == party)
        return Pair(party, share.currency)

    def pairs(self) -> set[Pair]:
        return {Pair(share.partner_id, share.currency) for share in self.shares}

    def claims(self, disputed: set[UUID], terms: Mapping[UUID, PayTerms]) -> list[Claim]:
        """By partner, in the order of their keys."""
        by_party: dict[int, list[_Had]] = defaultdict(list)
        for share in self.shares:
            by_party[share.partner_id].append(share)
        return [_claim(party, rows, disputed, terms) for party, rows in sorted(by_party.items())]


@transaction.atomic
def make_payable(*, document_ids: Iterable[UUID], now: datetime) -> int:
    """Bring what is payable of the documents to what their payments and disputes say.

    Twice is once: the difference to what is recorded is posted. Returns the transfers written.
    """
    keys = list(document_ids)
    names = _partners(keys)
    books = locked_books(names, {pair.partner: name for pair, name in names.items()})
    # Read under the locks: shares and taxes that another transaction wrote meanwhile count, too.
    groups = _groups(keys)
    if not {pair for group in groups.values() for pair in group.pairs()} <= set(names):
        return make_payable(document_ids=keys, now=now)
    return post(books=books, postings=list(_postings(groups, books)), now=now)


def payable_gaps(document_ids: Iterable[UUID]) -> dict[tuple[UUID, int], int]:
    """By document and partner what should be payable beyond what is recorded; what is right is left out.

    For the proof: nothing is locked.
    """
    groups = _groups(document_ids)
    recorded = recorded_payable(groups)
    gaps = {pair: minor - recorded.get(pair, 0) for pair, minor in _targets(groups).items()}
    return {pair: minor for pair, minor in gaps.items() if minor}


def _postings(groups: Mapping[UUID, _Group], books: Books) -> Iterator[Posting]:
    recorded = recorded_payable(groups)
    standing = {key: account.balance_minor for key, account in books.items()}
    for (key, party), minor in _targets(groups).items():
        pair = groups[key].pair_of(party)
        payable, due_back = standing[pair, Purpose.PAYABLE], standing[pair, Purpose.DUE_BACK]
        for entry in made_payable(minor - recorded.get((key, party), 0), payable, due_back):
            standing[pair, entry.debit] -= entry.amount
            standing[pair, entry.credit] += entry.amount
            yield Posting(pair, entry, Transfer.Cause.PAYMENT, key)


def _targets(groups: Mapping[UUID, _Group]) -> dict[tuple[UUID, int], int]:
    """By document and partner what is payable now, in the order of their keys."""
    paid, disputed, terms = paid_share(groups), disputed_line_ids(groups), _pay_terms(groups)
    found = {}
    for key, group in sorted(groups.items()):
        claims = group.claims(disputed, terms)
        target = payable_of(claims, group.net_minor, paid.get(key, Fraction(0)))
        for party, minor in sorted(_gross(group, claims, target).items()):
            found[key, party] = minor
    return found


def _gross(group: _Group, claims: list[Claim], target: Mapping[int, int]) -> dict[int, int]:
    return {
        claim.party: gross_payable(target[claim.party], claim.minor, group.taxes[claim.party])
        for claim in claims
    }


def _partners(document_ids: Iterable[UUID]) -> dict[Pair, str]:
    """Who has shares of the documents and their credit notes, with names."""
    keys = set(document_groups(document_ids).values())
    own = Invoice.objects.written_by(current_company())
    documents = own.filter(Q(id__in=keys) | Q(corrects__in=keys)).order_by().values("id")
    rows = Share.objects.filter(document_id__in=documents).exclude(partner=F("author")).order_by()
    names = rows.values_list("partner", "currency", "partner_name").distinct()
    return {Pair(partner, currency): name for partner, currency, name in names}


def _groups(document_ids: Iterable[UUID]) -> dict[UUID, _Group]:
    """By the document that is paid: shares of it and of its credit notes, without the own rest."""
    keys = set(document_groups(document_ids).values())
    own = current_company()
    documents = Invoice.objects.written_by(own).filter(id__in=keys)
    notes = Invoice.objects.written_by(own).filter(
        corrects__in=keys, kind=Invoice.Kind.CREDIT_NOTE, state=Invoice.State.ISSUED
    )
    groups = {row.id: _Group(net_minor=row.net_minor) for row in documents.only("net_minor")}
    belongs = {key: key for key in groups}
    for note in notes.only("corrects", "net_minor"):
        belongs[note.id] = note.corrects_id  # type: ignore[assignment]
        groups[note.corrects_id].net_minor -= note.net_minor  # type: ignore[index]
    shares = Share.objects.filter(document_id__in=list(belongs)).exclude(partner=own)
    taxes = taxes_of_shares(belongs)
    for share in map(_Had._make, shares.order_by("id").values_list(*_Had._fields)):
        group = groups[belongs[share.document_id]]
        group.shares.append(share)
        group.taxes[share.partner_id] += taxes.get(share.id, 0)
    return {key: group for key, group in groups.items() if group.shares}


def _claim(
    party: int, shares: list[_Had], disputed: set[UUID], known: Mapping[UUID, PayTerms]
) -> Claim:
    agreed = shares[-1].terms_id
    terms = PayTerms(party) if agreed is None else known[agreed]
    held = [s for s in shares if terms.held_by_disputes and s.line_id in disputed]
    return Claim(
        party, sum(share.amount_minor for share in shares), terms.payable, terms.rank,
        sum(share.amount_minor for share in held),
    )  # fmt: skip


def _pay_terms(groups: Mapping[UUID, _Group]) -> dict[UUID, PayTerms]:
    """By partner's terms when its shares are payable. One query."""
    shares = [share for group in groups.values() for share in group.shares]
    keys = {share.terms_id for share in shares if share.terms_id}
    rows = PartnerTerms.objects.filter(id__in=keys)
    return {key: PayTerms(**terms) for key, terms in rows.values_list("id", "terms__terms")}
