"""The one place where the sign-in host asks or writes as a company.

Before somebody is signed in no row can be read for a person; what is asked is the company's provider and who
is linked there. A signed-in person is told where their own name stands, in companies they belong to; what
they change about their way in is told to their companies' audits. Nothing else.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from apps.accounts.models import Membership
from apps.accounts.queries import memberships_of, own_sign_on
from apps.tenancy.context import company_context
from apps.tenancy.models import Company


@contextmanager
def before_signing_in(company: Company) -> Iterator[None]:
    """The sign-in host asks as the company somebody wants to enter."""
    with company_context(company):
        yield


def tell_companies_of(person: Any, tell: Callable[[Membership], object]) -> None:
    """`tell` writes an audit row in each of the person's companies, about their way in."""
    for membership in list(memberships_of(person)):
        with company_context(membership.author):
            tell(membership)


def sign_on_offer(company: Company) -> Company | None:
    """The company, when its people may sign in at its own provider; asked outside of any company."""
    with before_signing_in(company):
        row = own_sign_on()
    return company if row is not None and row.switched_on_at else None


def in_own_companies(person: Any, ask: Callable[[], Any]) -> dict[str, Any]:
    """What is answered in each company that the person belongs to now, by its address name."""
    found = {}
    for company in [row.author for row in memberships_of(person)]:
        with company_context(company):
            found[company.slug] = ask()
    return found
