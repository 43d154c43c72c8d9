"""How many contracts wait for what, in one statement whose cost many contracts hardly raise."""

from datetime import date
from typing import Any

from apps.tenancy.queries import one_row

_SQL = """
select
    exists(select from contracts_contract where author_id = %(own)s and state = 'active') provides,
    exists(select from contracts_contract where customer_id = %(own)s and state = 'active') uses,
    exists(select from contracts_contract where %(own)s in (author_id, customer_id)
        and state = 'active' and not is_one_off) goes_on,
    exists(select from contracts_contract where author_id = %(own)s and state = 'draft') own_drafts,
    (select count(*) from (
        select from contracts_contract offer where author_id = %(own)s and state = 'offered'
        and not exists (select from contracts_refusal refusal
            where refusal.contract_id = offer.id and refusal.what = 'offer'
            and refusal.refused_at >= offer.offered_at)
        limit %(most)s
    ) found) offers_out,
    (select count(*) from (
        select from contracts_contract offer where customer_id = %(own)s and state = 'offered'
        and not exists (select from contracts_refusal refusal
            where refusal.contract_id = offer.id and refusal.what = 'offer'
            and refusal.refused_at >= offer.offered_at)
        limit %(most)s
    ) found) offers_in,
    (select count(*) from (
        select from contracts_planproposal proposal
        join contracts_contract contract on contract.id = proposal.contract_id
        where contract.customer_id = %(own)s and proposal.state = 'open'
        and proposal.valid_from > %(today)s and contract.state = 'active'
        and (contract.ends_on is null or proposal.valid_from < contract.ends_on) and not exists (
            select from contracts_signature signature
            where signature.author_id = %(own)s and signature.contract_id = contract.id
            and signature.content_sha256 = proposal.content_sha256
            and signature.signed_at >= proposal.made_at
        ) and not exists (
            select from contracts_refusal refusal
            where refusal.author_id = %(own)s and refusal.contract_id = contract.id
            and refusal.content_sha256 = proposal.content_sha256
            and refusal.refused_at >= proposal.made_at
        )
        limit %(most)s
    ) found) prices_in,
    (select count(*) from (
        select from contracts_coverchange change
        join contracts_contract contract on contract.id = change.contract_id
        where contract.customer_id = %(own)s and change.state = 'open'
        and change.valid_from > %(today)s and contract.state = 'active'
        and (contract.ends_on is null or change.valid_from < contract.ends_on) and not exists (
            select from contracts_signature signature
            where signature.author_id = %(own)s and signature.contract_id = contract.id
            and signature.content_sha256 = change.content_sha256
            and signature.signed_at >= change.made_at
        ) and not exists (
            select from contracts_refusal refusal
            where refusal.author_id = %(own)s and refusal.contract_id = contract.id
            and refusal.content_sha256 = change.content_sha256
            and refusal.refused_at >= change.made_at
        )
        limit %(most)s
    ) found) covers_in,
    (select count(*) from (
        select from contracts_endnotice notice
        join contracts_contract contract on contract.id = notice.contract_id
        where %(own)s in (contract.author_id, contract.customer_id) and contract.state = 'active'
        and notice.author_id <> %(own)s and notice.kind = 'proposal' and notice.state = 'open'
        and notice.ends_on >= %(today)s
        and (contract.ends_on is null or notice.ends_on < contract.ends_on) and not exists (
            select from contracts_signature signature
            where signature.author_id = %(own)s and signature.contract_id = contract.id
            and signature.content_sha256 = notice.content_sha256
        ) and not exists (
            select from contracts_refusal refusal
            where refusal.author_id = %(own)s and refusal.contract_id = contract.id
            and refusal.content_sha256 = notice.content_sha256
            and refusal.refused_at >= notice.made_at
        )
        limit %(most)s
    ) found) ends_in
"""


def contract_counts(today: date, most: int) -> dict[str, Any]:
    """Of the current company, on both sides; nothing is counted beyond `most`.

    What was refused since it was offered does not wait. `provides`, `uses`, `own_drafts`: whether there
    is any; `goes_on`: whether one is billed again and again. `prices_in` as `prices_to_accept`,
    `covers_in` as `covers_to_accept`, `ends_in` as `ends_to_sign`.
    """
    return one_row(_SQL, today=today, most=most)
