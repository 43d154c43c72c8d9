"""How many assets there are and report, in one statement."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F, Q, QuerySet

from apps.assets.domain.use import used_since
from apps.assets.models import Asset, LifecycleAct
from apps.assets.queries.things import MISSED_INTERVALS, USUAL_INTERVAL
from apps.tenancy.context import current_company
from apps.tenancy.queries import one_row

_SQL = """
select
    (select count(*) from (select from assets_asset limit %(most)s) found) assets,
    exists(select from assets_asset where author_id = %(own)s) collected,
    exists(
        select from assets_asset where author_id = %(own)s and last_reading_at is not null
    ) heard,
    exists(select from assets_assettype where author_id = %(own)s) types,
    (select count(*) from (
        select from assets_asset asset join (
            select type.id, make_interval(secs => %(missed)s *
                coalesce(min(channel.expected_interval_seconds), %(usual)s)) patience
            from assets_assettype type
            left join assets_typechannel channel on channel.asset_type_id = type.id
            group by type.id
        ) kind on kind.id = asset.asset_type_id
        where asset.author_id = %(own)s and asset.last_reading_at < %(now)s - kind.patience
        limit %(most)s
    ) found) silent,
    (select count(*) from (
        select from assets_datarequest asked
        where %(own)s in (asked.collector_id, asked.user_id) and asked.author_id <> %(own)s
            and asked.withdrawn_at is null and not exists (
                select from assets_requestanswer answer where answer.request_id = asked.id
                    and (answer.author_id = %(own)s or answer.kind = 'refused'))
        limit %(most)s
    ) found) data_requests
"""


def asset_counts(now: datetime, most: int) -> dict[str, Any]:
    """Of the current company; nothing is counted beyond `most`.

    `data_requests`: that wait for its yes or no; `assets`: all it sees; `silent`: of its own, as `reporting_state` says; `collected`, `heard`,
    `types`: whether there is any.
    """
    return one_row(_SQL, now=now, most=most, missed=MISSED_INTERVALS, usual=USUAL_INTERVAL)


def assets_in_use(since: datetime) -> int:
    """Those the current company collects, without what is out of use: what its plan counts, at any time."""
    return int(Asset.objects.written_by(current_company()).count()) - len(out_of_use(since))


def out_of_use(since: datetime) -> set[UUID]:
    """Own assets that are retired in deed too, not by a word alone.

    The collecting company itself said so, nothing was measured after it was said, and no contract covers
    them, at any time from the instant on. Whatever else is said and done, they count.
    """
    retired = {key for key in retirements().values_list("asset_id", flat=True) if key is not None}
    return retired - used_since(retired, since)


def retirements() -> QuerySet[LifecycleAct]:
    """What the current company said of its own assets' ends, and neither took back nor belied by readings."""
    own = current_company()
    rows = LifecycleAct.objects.filter(
        Q(asset__last_reading_at=None) | Q(asset__last_reading_at__lte=F("said_at")),
        author=own, asset__author=own, kind=LifecycleAct.Kind.RETIRED, withdraws=None,
        withdrawals=None,
    )  # fmt: skip
    found: QuerySet[LifecycleAct] = rows
    return found
