"""Usage records that a person should look at: an expired meter, a source that deviates too far."""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet

from apps.metering.models import UsageRecord

SHOWN_FOR = timedelta(days=62)


def records_to_check(now: datetime) -> QuerySet[UsageRecord]:
    """Records with a warning of the last two months that no newer one replaces, the latest first."""
    newer = UsageRecord.objects.filter(replaces=OuterRef("pk"))
    rows: QuerySet[UsageRecord] = UsageRecord.objects.filter(
        ~Exists(newer), warns=True, recorded_at__gt=now - SHOWN_FOR
    )
    return rows.select_related("billed_period__contract").order_by("-recorded_at", "-id")
