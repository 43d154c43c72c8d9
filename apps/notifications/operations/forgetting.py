"""Notifications are news, not records: what they tell of stands elsewhere."""

from datetime import datetime, timedelta

from django.db import transaction

from apps.notifications.models import Mail, Notification
from apps.tenancy.context import current_company

KEPT = timedelta(days=180)


@transaction.atomic
def drop_old(*, now: datetime) -> int:
    """Delete the company's notifications and mails of long ago. Returns how many notifications."""
    company, before = current_company(), now - KEPT
    old = Notification.objects.written_by(company).filter(created_at__lt=before)
    count, _by_model = old.delete()
    mails = Mail.objects.written_by(company).filter(made_at__lt=before, notifications=None)
    mails.delete()
    return count
