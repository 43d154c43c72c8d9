"""Which roles a company plays, and what waits for it as a partner: one statement."""

from dataclasses import dataclass
from datetime import date

from apps.networks.models import Role
from apps.reporting.queries.home import Counts
from apps.tenancy.queries import one_row

_SQL = """
select
    (select array_agg(distinct role) from networks_participation
        where company_id = %(own)s and state = 'active') roles,
    (select count(*) from (
        select from networks_participation asked
        where asked.company_id = %(own)s and asked.state = 'invited' and asked.author_id <> %(own)s
        and not exists (select from networks_answer answer
            where answer.participation_id = asked.id and answer.author_id = %(own)s)
        limit %(most)s
    ) found) invitations,
    (select count(*) from (
        select from contracts_partnerterms terms
        where terms.partner_id = %(own)s and terms.withdrawn_at is null
        and not exists (select from contracts_termssignature signature
            where signature.terms_id = terms.id)
        and not exists (select from contracts_refusal refusal where refusal.terms_id = terms.id)
        limit %(most)s
    ) found) terms,
    (select count(*) from (
        select from settlement_selfbillingagreement agreement
        where agreement.partner_id = %(own)s and agreement.withdrawn_at is null
        and not exists (select from settlement_agreementanswer answer
            where answer.agreement_id = agreement.id)
        limit %(most)s
    ) found) agreements,
    (select count(*) from (
        select from settlement_statement statement
        where statement.partner_id = %(own)s and statement.objection_until >= %(today)s
        and not exists (select from settlement_objection objection
            where objection.statement_id = statement.id)
        limit %(most)s
    ) found) statements,
    (select count(*) from (
        select from settlement_objection objection
        join settlement_statement statement on statement.id = objection.statement_id
        where statement.author_id = %(own)s
        and not exists (select from settlement_objectionanswer answer
            where answer.objection_id = objection.id)
        limit %(most)s
    ) found) objections,
    (select count(*) from (
        select from supply_assettransfer transfer
        where transfer.buyer_id = %(own)s and transfer.state = 'offered'
        and not exists (select from supply_transferanswer answer
            where answer.transfer_id = transfer.id)
        limit %(most)s
    ) found) transfers,
    exists(select from assets_asset where manufacturer_id = %(own)s) made,
    exists(select from assets_asset where owner_id = %(own)s and provider_id <> %(own)s) owned,
    -- In the order of an index: a provider's own rest would be looked through for the first other.
    coalesce((select true from settlement_share
        where partner_id = %(own)s and partner_id <> author_id
        order by recognised_at desc, id desc limit 1), false) shares
"""


_WAITING = ("invitations", "terms", "agreements", "statements", "objections", "transfers")


@dataclass(frozen=True, slots=True)
class Standing:
    """What a company is to others. `terms`, `agreements`: to be signed; `statements`: invoices written in its
    name that it may still object to; `objections`: to its own statements, not answered; `transfers`: assets offered to it; `shares`: it has some of others'
    revenue; `owned`: others run what it owns."""

    roles: frozenset[str] = frozenset()
    invitations: int = 0
    terms: int = 0
    agreements: int = 0
    statements: int = 0
    objections: int = 0
    transfers: int = 0
    shares: bool = False
    owned: bool = False

    @property
    def is_known(self) -> bool:
        """Whether others already deal with it."""
        waits = self.invitations or self.terms or self.agreements or self.transfers
        return bool(self.roles or self.shares or waits)

    def in_order(self) -> list[str]:
        return [role for role in Role.values if role in self.roles]


def standing(counts: Counts, today: date, most: int) -> Standing:
    """Roles in networks and those that follow from what there is; nothing is counted beyond `most`."""
    row = one_row(_SQL, today=today, most=most)
    follows = {
        Role.PROVIDER: counts.is_provider, Role.CUSTOMER: counts.is_customer,
        Role.MANUFACTURER: row["made"], Role.OWNER: row["owned"],
    }  # fmt: skip
    roles = {*(row["roles"] or ()), *(str(role) for role, is_so in follows.items() if is_so)}
    waiting = {name: row[name] for name in _WAITING}
    return Standing(frozenset(roles), **waiting, shares=row["shares"], owned=row["owned"])
