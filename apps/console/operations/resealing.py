"""After an exchange of the installation's secret key: what is sealed is sealed anew, so that the former may go."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime

from apps.accounts.operations.factors import reseal_factors
from apps.accounts.operations.sign_on import reseal_sign_on
from apps.billing.operations.keys import renew_signing_key
from apps.events.operations.webhooks import reseal_webhooks
from apps.tenancy.context import acting_as, as_app, no_company
from apps.tenancy.queries import active_companies
from apps.tenancy.sealing import Standing

Found = dict[str, Counter[Standing]]


def reseal_all(*, now: datetime) -> Found:
    """By what it is, how many secrets stood how before; those of a former key are under the one in force.

    Each company and each person is done for itself: stopped at any point it is run again.
    """
    with no_company(), as_app():
        found = {"second factors": reseal_factors()}
        companies = list(active_companies())
    for company in companies:
        with acting_as(company):
            for name, work in _of_company(now).items():
                found.setdefault(name, Counter()).update(work())
    return found


def _of_company(now: datetime) -> dict[str, Callable[[], Counter[Standing]]]:
    return {
        "webhooks": reseal_webhooks,
        "identity providers": reseal_sign_on,
        "signing keys": lambda: renew_signing_key(now=now),
    }
