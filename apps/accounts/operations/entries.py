"""One-time codes that carry a signed-in person from the sign-in host to another host."""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from apps.accounts.domain.tokens import hash_of, new_token
from apps.accounts.models import EntryCode, User
from apps.tenancy.models import Company

CODE_LIFE = timedelta(seconds=30)
# One statement reads and spends the code: of two requests at once, one finds nothing.
_CONSUME = """
    delete from accounts_entrycode where code_hash = %s
    returning user_id, company_id, browser_hash, session_key, confirmed_at, way, expires_at
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """Who may enter, the session on the sign-in host they come from, when they last showed
    there who they are, and by which way (EntryCode.Way)."""

    user: User
    session_key: str
    confirmed_at: datetime | None = None
    way: str = EntryCode.Way.SIGNED_IN


def issue_entry_code(
    *,
    user: User,
    company: Company | None,
    browser_hash: str,
    session_key: str,
    now: datetime,
    confirmed_at: datetime | None = None,
    way: str = EntryCode.Way.SIGNED_IN,
) -> str:
    """A code for one entry into the company by the browser that holds the nonce of this hash.

    Without a company, into the operator's console. The way ACCEPTANCE opens no page of it: it shows who
    somebody is to accept an invitation.
    """
    EntryCode.objects.filter(expires_at__lt=now - CODE_LIFE).delete()
    code = new_token()
    EntryCode.objects.create(
        code_hash=hash_of(code),
        user=user,
        company=company,
        browser_hash=browser_hash,
        session_key=session_key,
        confirmed_at=confirmed_at,
        way=way,
        expires_at=now + CODE_LIFE,
    )
    return code


def consume_entry_code(
    *, code: str, company: Company | None, nonce: str, now: datetime
) -> Entry | None:
    """Spend the code; None when it is unknown, spent, late, another host's or another browser's.

    Any attempt spends it, also one that fails.
    """
    with connection.cursor() as cursor:
        cursor.execute(_CONSUME, [hash_of(code)])
        row = cursor.fetchone()
    if row is None:
        return None
    user_id, company_id, browser_hash, session_key, confirmed_at, way, expires_at = row
    same_browser = bool(nonce) and hmac.compare_digest(browser_hash, hash_of(nonce))
    if company_id != (company.pk if company else None) or expires_at <= now or not same_browser:
        return None
    user = User.objects.filter(pk=user_id, is_active=True).first()
    return Entry(user, session_key, confirmed_at, way) if user is not None else None
