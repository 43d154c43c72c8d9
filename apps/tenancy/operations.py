"""Writes of companies: opening one (operations login) and making two of them known to each other."""

import re
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils.translation import gettext as _

from apps.tenancy.context import as_owner, as_platform, current_company, no_company
from apps.tenancy.domain.addresses import RESERVED
from apps.tenancy.models import Acquaintance, Company, Hostname
from apps.tenancy.queries import company_by_slug
from apps.tenancy.schemas import migrate_schema


def open_company(*, slug: str, name: str, country: str, now: datetime, **profile: Any) -> Company:
    """Create a company, its address and its schema. Idempotent by slug; needs the operations login.

    Raises ValidationError for an odd or reserved address name.
    """
    existing = company_by_slug(slug)
    company = existing or register_company(
        slug=slug, name=name, country=country, now=now, **profile
    )
    if company.state == Company.State.PROVISIONING:
        build_schema(company=company)
    return company


def register_company(
    *, slug: str, name: str, country: str, now: datetime, **profile: Any
) -> Company:
    """A new company with its address, still without a schema; needs the operations login.

    Raises ValidationError for an odd, a reserved or a taken address name.
    """
    if slug in RESERVED:
        raise ValidationError({"slug": _("This address is reserved.")})
    company = Company(
        slug=slug,
        schema_name="co_" + re.sub("-", "_", slug),
        name=name,
        country=country,
        created_at=now,
        **profile,
    )
    with no_company(), as_platform(), transaction.atomic():
        company.full_clean()
        company.save()
        host = f"{slug}.{settings.PERUSE_DOMAIN}"
        Hostname.objects.create(domain=host, tenant=company, is_primary=True)
    return company


def build_schema(*, company: Company) -> None:
    """Make or finish the company's schema by migrations, then let it in."""
    with no_company():
        with as_owner(), connection.cursor() as cursor:
            name = connection.ops.quote_name(company.schema_name)
            cursor.execute(f"create schema if not exists {name}")
        migrate_schema(company.schema_name)
        with as_platform():
            Company.objects.filter(pk=company.pk).update(state=Company.State.ACTIVE)
    company.state = Company.State.ACTIVE


def make_acquaintance(*, other: Company, now: datetime) -> Acquaintance:
    """Let the current company and another choose each other in forms. Idempotent."""
    company = current_company()
    found = Acquaintance.objects.filter(author=company, other=other).first()
    return found or Acquaintance.objects.create(
        author=company, other=other, parties=[company.pk, other.pk], made_at=now
    )


def make_acquaintance_by_address(*, slug: str, now: datetime) -> Acquaintance:
    """The same by the other portal's address name; raises ValidationError when there is none."""
    other = company_by_slug(slug.strip().lower())
    erased = Company.State.ERASED
    if other is None or other.state == erased or other.pk == current_company().pk:
        raise ValidationError(
            _("There is no other company at the address “%(slug)s”."), params={"slug": slug}
        )
    return make_acquaintance(other=other, now=now)
