"""What stands on the company's documents, written by the company itself."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils.translation import gettext as _

from apps.accounts.domain.company_facts import FACTS_CHANGED, is_e_address, is_vat_id
from apps.accounts.domain.zones import is_zone, zone_stays
from apps.accounts.operations.vat_checks import ask_vat_check
from apps.events.operations import publish, record
from apps.tenancy.context import current_company
from apps.tenancy.models import Company

FIELDS = (
    "street", "postcode", "city", "vat_id", "email", "tax_number", "register_entry",
    "contact_name", "phone", "language", "e_address", "time_zone",
)  # fmt: skip


@transaction.atomic
def describe_company(*, facts: Mapping[str, str], now: datetime, actor: Any) -> list[str]:
    """Write these of FIELDS; others stay. Returns the names of those that changed.

    `e_address` is `scheme:identifier`, or empty. Documents that exist keep what they say; the time zone
    changes only while nothing counts in it. Raises ValidationError by field.
    """
    row = Company.objects.get(pk=current_company().pk)
    known = {name: str(getattr(row, name)) for name in FIELDS}
    wanted = known | {name: str(facts[name]).strip() for name in FIELDS if name in facts}
    changed = [name for name in FIELDS if wanted[name] != known[name]]
    _refuse_odd(wanted, changed, row.country)
    if changed:
        with connection.cursor() as cursor:
            cursor.execute("select public.peruse_describe_company(%s::jsonb)", [json.dumps(wanted)])
        if "vat_id" in changed:
            ask_vat_check(now=now)
        publish(name=FACTS_CHANGED, payload={}, now=now)
        record(action="tenancy.described", now=now, actor=actor, details={"fields": changed})
    return changed


def _refuse_odd(wanted: Mapping[str, str], changed: list[str], country: str) -> None:
    refused = {}
    if "vat_id" in changed and wanted["vat_id"] and not is_vat_id(wanted["vat_id"], country):
        refused["vat_id"] = _("This is no VAT id of %(country)s: check prefix and digits.") % {
            "country": country
        }
    scheme, _colon, identifier = wanted["e_address"].partition(":")
    if "e_address" in changed and identifier and not is_e_address(scheme, identifier):
        refused["e_address"] = _("This address does not fit its kind: check length and digits.")
    if "time_zone" in changed and not is_zone(wanted["time_zone"]):
        refused["time_zone"] = _("This time zone is not known.")
    elif "time_zone" in changed and zone_stays():
        refused["time_zone"] = _("Contracts or documents count their days in it: it stays.")
    if refused:
        raise ValidationError(refused)
