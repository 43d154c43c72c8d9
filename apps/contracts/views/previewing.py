"""The price of a typed plan over real usage, as the page shows it."""

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from apps.common.quantity import BadValue
from apps.contracts.domain.facts import ItemFacts
from apps.contracts.queries.quoting import Quote, quote
from apps.contracts.views.figures import price_over_quantity
from apps.contracts.wording import problem_words
from apps.pricing.explain import sentences
from apps.pricing.plan import PricePlan
from apps.pricing.values import PricingError


def priced_preview(
    plan: PricePlan, items: Sequence[ItemFacts], month: date, zone: str
) -> dict[str, Any]:
    """Lines with their steps, the total and the figure; or the problems instead."""
    try:
        found = quote(plan, items, month, zone)
    except (PricingError, BadValue) as error:
        words = problem_words(error.reason, error.params)
        return {"problems": [f"{words} {error.params.get('asset', '')}".strip()]}
    language = get_language() or "en"
    figure = price_over_quantity(found.curve, plan.currency, language)
    return {
        "quote": found, "lines": _lines(found, language), "figure": json.dumps(figure),
        "problems": [],
    }  # fmt: skip


def charge_problems(formset: Any) -> list[str]:
    """What is wrong with the typed charges, one sentence each."""
    return [
        _("Charge %(number)s: %(text)s") % {"number": number, "text": text}
        for number, form in enumerate(formset.forms, start=1)
        for text in form.complaints()
    ]


def _lines(found: Quote, language: str) -> list[dict[str, Any]]:
    return [{"line": line, "steps": sentences(line, language)} for line in found.priced.lines]
