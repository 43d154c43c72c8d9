"""The data clause of a draft: written by the provider, signed with the contract by both."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.assets.domain.mounting import ShownChannel
from apps.contracts.domain.clause import FINEST_FIRST, ClauseEntry
from apps.contracts.models import Contract
from apps.contracts.operations.common import locked, must_be_draft
from apps.contracts.queries.clause import clause_channels
from apps.events.operations import record
from apps.tenancy.queries import known_companies

MOST_ENTRIES = 50


@transaction.atomic
def write_clause(
    *, contract: Contract, entries: Sequence[ClauseEntry], now: datetime, actor: Any = None
) -> Contract:
    """Replace the clause of an own draft. Raises ValidationError on the entries' fields."""
    contract = locked(contract.pk)
    must_be_draft(contract)
    names = dict(known_companies().values_list("pk", "name"))
    channels = {row.code: row for row in clause_channels(contract)}
    for entry in entries:
        _judge(contract, entry, names, channels)
    keys = [entry.key for entry in entries]
    if len(set(keys)) < len(keys):
        raise ValidationError({"company": [_("The clause names this company so already.")]})
    if len(entries) > MOST_ENTRIES:
        raise ValidationError(_("A clause has at most 50 recipients."))
    contract.data_clause = [entry.to_dict() for entry in entries]
    contract.save(update_fields=["data_clause"])
    record(action="clause_written", subject=contract.public_id, now=now, actor=actor)
    return contract


def _judge(
    contract: Contract, entry: ClauseEntry, names: dict[int, str], channels: dict[str, ShownChannel]
) -> None:
    refused: dict[str, str] = {}
    if entry.company not in names:
        refused["company"] = _("Choose a company from your partners.")
    if entry.kind == "values" and not entry.channels:
        refused["channels"] = _("Choose at least one channel.")
    elif set(entry.channels) - set(channels):
        refused["channels"] = _("Choose channels of the covered assets.")
    if entry.kind == "values" and entry.resolution not in FINEST_FIRST:
        refused["resolution"] = _("Choose a resolution.")
    if not entry.purpose.strip():
        refused["purpose"] = _("Say what the data are for.")
    if refused:
        raise ValidationError(dict(refused))
