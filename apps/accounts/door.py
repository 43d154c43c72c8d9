"""The way in through a company's own provider: the one place where the sign-in host asks as a company.

Nobody is signed in yet, so no row can be read for a person; what is asked is the company's provider and who
is linked there, nothing else.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from apps.accounts.queries import own_sign_on
from apps.tenancy.context import company_context
from apps.tenancy.models import Company


@contextmanager
def before_signing_in(company: Company) -> Iterator[None]:
    """The sign-in host asks as the company somebody wants to enter."""
    with company_context(company):
        yield


def sign_on_offer(company: Company) -> Company | None:
    """The company, when its people may sign in at its own provider; asked outside of any company."""
    with before_signing_in(company):
        row = own_sign_on()
    return company if row is not None and row.switched_on_at else None
