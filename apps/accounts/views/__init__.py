"""Pages of people: signing in, companies, members, invitations, keys and partners."""

from apps.accounts.views.entry import send_to_sign_in
from apps.accounts.views.refusals import csrf_failure, forbidden, not_found

__all__ = ["csrf_failure", "forbidden", "not_found", "send_to_sign_in"]
