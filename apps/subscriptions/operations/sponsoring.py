"""Who brought a participant in."""

from datetime import datetime

from django.db import IntegrityError, transaction

from apps.subscriptions.models import Sponsorship
from apps.subscriptions.queries import own_sponsor, own_subscription, verdict_of
from apps.tenancy.context import current_company
from apps.tenancy.models import Company


@transaction.atomic
def note_sponsor(*, sponsor: Company, now: datetime) -> Sponsorship | None:
    """The current company joined something of another's: without a plan it takes part by it.

    None where it has a plan of its own. The first one stays the sponsor; twice is once.
    """
    own = current_company()
    if sponsor.pk == own.pk or verdict_of(own_subscription(), now).has_plan:
        return None
    known = own_sponsor()
    if known is not None:
        return known
    try:
        with transaction.atomic():
            made: Sponsorship = Sponsorship.objects.create(
                author=own, parties=sorted({own.pk, sponsor.pk}), sponsor=sponsor,
                sponsor_name=sponsor.name, participant_name=own.name, since=now,
            )  # fmt: skip
    except IntegrityError:
        return own_sponsor()
    return made


def end_sponsorship(*, now: datetime) -> bool:
    """The current company has a plan of its own now. Whether it was sponsored."""
    rows = Sponsorship.objects.filter(author=current_company(), ended_at=None)
    return bool(rows.update(ended_at=now))
