"""What is asked before something new is made: does it fit the plan?"""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.subscriptions.domain.limits import Counted, has_room
from apps.subscriptions.domain.registry import count_of
from apps.subscriptions.queries import own_plan
from apps.tenancy.context import current_company


def require_room(*, what: Counted, added: int, now: datetime) -> None:
    """Within the caller's transaction, before it adds so many.

    Two callers at a time count one after the other (an advisory lock until the transaction ends). Raises
    ValidationError where the plan of the current company has no room; what stands is never touched.
    """
    plan = own_plan(now)
    most = plan.most(what)
    if most is None or added <= 0:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "select pg_advisory_xact_lock(hashtext('subscriptions'), %s)", [current_company().pk]
        )
    if not has_room(count_of(what, now), added, most):
        raise ValidationError(
            _("Your plan “%(plan)s” has room for %(most)s. Choose a larger one on the page “Plan”.")
            % {"plan": plan.title, "most": in_words(what, most)},
            code="plan_limit",
        )


def in_words(what: Counted, number: int) -> str:
    """So many of them, in the reader's language."""
    texts: dict[str, str] = {
        Counted.ASSETS: ngettext("%(n)d asset", "%(n)d assets", number),
        Counted.NETWORKS: ngettext(
            "%(n)d network of your own", "%(n)d networks of your own", number
        ),
        Counted.DEVICES: ngettext("%(n)d device", "%(n)d devices", number),
        Counted.READINGS: ngettext("%(n)d reading a month", "%(n)d readings a month", number),
    }
    return texts[what] % {"n": number}
