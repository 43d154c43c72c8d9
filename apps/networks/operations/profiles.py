"""What a company tells about itself, and who may read it."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.events.operations import record
from apps.networks.models import CompanyProfile
from apps.tenancy.context import current_company
from apps.tenancy.queries import known_company_ids


@transaction.atomic
def save_profile(
    *, about: str, website: str, shown: Collection[str], now: datetime, actor: Any
) -> CompanyProfile:
    """Write the own profile; the companies known now see it. Raises ValidationError by field."""
    if not set(shown) <= set(CompanyProfile.Fact.values):
        raise ValidationError({"shown": _("There is no such fact.")})
    company = current_company()
    profile: CompanyProfile
    profile, _made = CompanyProfile.objects.update_or_create(
        author=company,
        defaults={
            "parties": sorted(known_company_ids()), "about": about, "website": website,
            "shown": [fact for fact in CompanyProfile.Fact.values if fact in set(shown)],
            "changed_at": now,
        },
    )  # fmt: skip
    record(action="profile_changed", subject=profile.public_id, now=now, actor=actor)
    return profile


@transaction.atomic
def show_profile() -> bool:
    """Let the companies that are known by now see the own profile. Whether it changed."""
    known = sorted(known_company_ids())
    own = CompanyProfile.objects.filter(author=current_company()).exclude(parties=known)
    return bool(own.update(parties=known))
