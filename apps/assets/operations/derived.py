"""Judging what channels of a type are derived from, and the versions of it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from apps.assets.domain.derived import (
    FUNCTIONS,
    LONGEST_HOLD,
    BadDefinition,
    Derivation,
    depths_of,
    derivation_of,
    parse_definition,
)
from apps.assets.domain.derived_units import Measured, judge_definition
from apps.assets.domain.facts import ChannelFacts
from apps.assets.models import TypeChannel
from apps.common.formula import FINEST_STEP
from apps.common.formula_words import formula_sentence

_FIELDS = ("formula", "formula_step", "formula_hold_seconds", "formula_since")


def judge_derived(channels: Sequence[ChannelFacts], before: Sequence[TypeChannel] = ()) -> None:
    """Raises ValidationError: code of the channel, reason, and where there is one the character."""
    measured = {facts.code: Measured(facts.kind, facts.unit) for facts in channels}
    inputs = {row.code: _inputs(row) for row in before}
    try:
        for facts in channels:
            inputs[facts.code] = inputs.get(facts.code, set()) | _judged(facts, measured)
        depths_of(inputs)
    except BadDefinition as bad:
        raise ValidationError(in_words(bad)) from None


def _inputs(row: TypeChannel) -> set[str]:
    return {code for item in row.derivations for code in item.definition.inputs}


def _judged(facts: ChannelFacts, measured: dict[str, Measured]) -> set[str]:
    try:
        if not facts.formula:
            _nothing_else(facts)
            return set()
        _judge_numbers(facts)
        definition = parse_definition(facts.formula)
        judge_definition(definition, measured[facts.code], measured)
    except BadDefinition as bad:
        raise BadDefinition(bad.reason, bad.position, bad.params, facts.code) from None
    return set(definition.inputs)


def _nothing_else(facts: ChannelFacts) -> None:
    if any(getattr(facts, name) is not None for name in _FIELDS[1:]):
        raise BadDefinition("no_formula")


def _judge_numbers(facts: ChannelFacts) -> None:
    step, hold = facts.formula_step, facts.formula_hold_seconds
    if step is not None and not FINEST_STEP <= step <= Decimal(10**6):
        raise BadDefinition("bad_step")
    if hold is not None and not 1 <= hold <= LONGEST_HOLD.total_seconds():
        raise BadDefinition("bad_hold", 0, {"most": str(int(LONGEST_HOLD.total_seconds()))})


def new_version(
    facts: ChannelFacts, row: TypeChannel | None, has_readings: bool, now: datetime
) -> dict[str, Any]:
    """The fields `earlier_formulas` and `formula_since` of a channel as it is to be stored.

    While there are no readings a definition is replaced. After that a change is a version from a
    coming UTC day on, so that no day is worked anew that may be billed.
    """
    earlier = list(row.earlier_formulas) if row is not None else []
    if row is None or not facts.formula or not row.formula or not has_readings:
        return {"earlier_formulas": [], "formula_since": facts.formula_since}
    stood, wanted = row.derivations[-1], derivation_of(*(getattr(facts, name) for name in _FIELDS))
    if replace(wanted, since=stood.since) == stood:
        return {"earlier_formulas": earlier, "formula_since": stood.since}
    tomorrow = now.astimezone(UTC).date() + timedelta(days=1)
    since = _coming(facts, stood, tomorrow)
    kept = [] if stood.since is not None and stood.since >= tomorrow else [stood.to_dict()]
    return {"earlier_formulas": [*earlier, *kept], "formula_since": since}


def _coming(facts: ChannelFacts, stood: Derivation, tomorrow: date) -> date:
    given = facts.formula_since
    since = tomorrow if given is None or given == stood.since else given
    if since < tomorrow:
        raise ValidationError(
            _(
                "Channel %(code)s: a changed formula holds from a coming day on, at the earliest "
                "%(day)s: days that may be billed keep theirs."
            ),
            params={"code": facts.code, "day": tomorrow.isoformat()},
        )
    return since


def in_words(bad: BadDefinition) -> str:
    """“Channel run_hours, at character 12: …”"""
    if bad.reason.startswith("formula:"):
        why = formula_sentence(
            bad.reason.removeprefix("formula:"), bad.position, bad.params, get_language() or "en"
        )
        return _("Channel %(code)s: %(why)s") % {"code": bad.code, "why": why}
    why = _texts()[bad.reason] % {**bad.params, "functions": ", ".join(FUNCTIONS)}
    if not bad.position:
        return _("Channel %(code)s: %(why)s") % {"code": bad.code, "why": why}
    words = _("Channel %(code)s, at character %(position)s: %(why)s")
    return words % {"code": bad.code, "position": bad.position, "why": why}


def _texts() -> dict[str, str]:
    return {
        "given_twice": _("%(name)s is given twice."),
        "too_few_values": _("%(name)s needs more values."),
        "no_code": _("“%(text)s” is no code of a channel."),
        "unknown_value": _("There is no value %(name)s here."),
        "too_many_values": _("One value too many."),
        "no_number": _("“%(text)s” is no number such as 12.5."),
        "number_too_low": _("%(name)s of %(function)s is too low."),
        "circular": _("The channels are derived from each other in a circle: %(circle)s."),
        "too_deep": _("A channel is derived over at most %(most)s others in a row."),
        "too_many_inputs": _("A channel is derived from at most %(most)s others."),
        "unknown_code": _("This type has no channel “%(name)s”."),
        "wrong_input": _("“%(name)s” is an amount; only counters, levels and states can be used."),
        "wrong_kind_formula": _("What a formula gives is a counter, a level or a state."),
        "wrong_kind_function": _("What %(name)s gives is an amount since the last message."),
        "wrong_unit": _("The unit %(unit)s does not fit; %(wanted)s would."),
        "no_formula": _("Rounding, holding time and date belong to a formula; there is none."),
        "bad_step": _("A rounding step lies between 0.000000000001 and 1,000,000."),
        "bad_hold": _("A value holds for 1 to %(most)s seconds."),
    }
