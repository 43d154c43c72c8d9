"""What was refused at intake and what is not believed: see, release, discard."""

from collections import Counter
from typing import Any
from uuid import UUID

import django_filters
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.access import requires
from apps.common.ids import BadId, decode
from apps.common.pages import Empty, ListPage
from apps.common.rows import COUNTED
from apps.telemetry.models import Disbelief, RefusedItem
from apps.telemetry.operations.judging import Verdict, judge_disbelief, judge_refused
from apps.telemetry.queries.quarantine import (
    disbelieved_readings,
    open_counts,
    refused_items,
    refused_named,
)
from apps.telemetry.tables import DisbeliefTable, RefusedTable, outcome_words
from apps.telemetry.wording import in_words, known_reasons

MOST_AT_ONCE = 1000


def _reasons() -> list[tuple[str, str]]:
    return [(code, code.replace("_", " ")) for code in known_reasons()]


class RefusedFilters(django_filters.FilterSet):
    """By state, kind and reason."""

    state = django_filters.ChoiceFilter(
        choices=RefusedItem.State.choices,
        empty_label=gettext_lazy("All states"),
        label=gettext_lazy("State"),
    )
    outcome = django_filters.ChoiceFilter(
        choices=[("refused", gettext_lazy("refused")), ("conflict", gettext_lazy("conflict"))],
        empty_label=gettext_lazy("Refused and conflicts"),
        label=gettext_lazy("Kind"),
    )
    reason = django_filters.ChoiceFilter(
        choices=_reasons, empty_label=gettext_lazy("All reasons"), label=gettext_lazy("Reason")
    )

    class Meta:
        model = RefusedItem
        fields = ()


class DisbeliefFilters(django_filters.FilterSet):
    """By reason."""

    reason = django_filters.ChoiceFilter(
        choices=_reasons, empty_label=gettext_lazy("All reasons"), label=gettext_lazy("Reason")
    )

    class Meta:
        model = Disbelief
        fields = ()


class _Tabs(ListPage):
    """The two tabs with their open counts."""

    title = gettext_lazy("Refused & disbelieved")
    pretitle = gettext_lazy("Data")
    intro_template = "telemetry/quarantine_tabs.html"
    tab = ""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        refused, disbelieved = open_counts(COUNTED + 1)
        return super().get_context_data(
            **kwargs, tab=self.tab, open_refused=refused, open_disbelieved=disbelieved
        )


class RefusedList(_Tabs):
    """Items refused at intake."""

    model = RefusedItem
    table_class = RefusedTable
    filterset_class = RefusedFilters
    search_fields = ("source", "raw", "reason")
    export_name = "refused"
    tab = "refused"
    empty = Empty(
        "shield-check",
        gettext_lazy("Nothing was refused"),
        gettext_lazy("Items that cannot be a reading are kept here with the reason."),
    )

    def get_queryset(self) -> Any:
        return refused_items()


class DisbeliefList(_Tabs):
    """Readings that are stored and not believed."""

    model = Disbelief
    table_class = DisbeliefTable
    filterset_class = DisbeliefFilters
    search_fields = ("channel__asset_label", "channel__code", "channel__title")
    export_name = "not-believed"
    tab = "disbelieved"
    empty = Empty(
        "shield-check",
        gettext_lazy("Every reading is believed"),
        gettext_lazy("A counter that falls or runs too fast is shown here and bills nothing."),
    )

    def get_queryset(self) -> Any:
        return disbelieved_readings()


@require_GET
@requires("view_readings")
def refused_detail(request: HttpRequest, item_id: UUID) -> HttpResponse:
    """One refused item: what was sent, and why it was not taken."""
    item = get_object_or_404(RefusedItem, pk=item_id)
    context = {
        "item": item, "reason": in_words(item.reason, item.params),
        "kind": outcome_words(item.outcome), "fields": item.params.get("item") or {},
    }  # fmt: skip
    return render(request, "telemetry/refused_detail.html", context)


@require_POST
@requires("judge_readings")
def judge_items(request: HttpRequest, verdict: str) -> HttpResponse:
    """Release or discard chosen refused items."""
    chosen = refused_named(_chosen(request, RefusedItem.prefix))
    verdicts = judge_refused(
        items=list(chosen), release=verdict == "release", by=request.user, now=timezone.now()
    )
    _tell(request, verdicts)
    return redirect("quarantine")


@require_POST
@requires("judge_readings")
def judge_disbeliefs(request: HttpRequest, verdict: str) -> HttpResponse:
    """Believe chosen readings all the same, or declare them wrong for good."""
    chosen = disbelieved_readings().filter(pk__in=_chosen(request, Disbelief.prefix))
    rows = list(chosen.order_by("channel_id", "measured_at"))
    reason = request.POST.get("reason", "").strip()[:200] or _("Decided in quarantine")
    for row in rows:
        judge_disbelief(
            disbelief=row,
            believe=verdict == "believe",
            reason=reason,
            by=request.user,
            now=timezone.now(),
        )
    messages.success(
        request,
        ngettext("%(count)d reading decided.", "%(count)d readings decided.", len(rows))
        % {"count": len(rows)},
    )
    return redirect("disbelief_list")


def _chosen(request: HttpRequest, prefix: str) -> list[UUID]:
    keys = []
    for text in request.POST.getlist("item")[:MOST_AT_ONCE]:
        try:
            keys.append(decode(prefix, text))
        except BadId:
            continue
    return keys


def _tell(request: HttpRequest, verdicts: list[Verdict]) -> None:
    counts = Counter(verdict.status for verdict in verdicts)
    if not verdicts:
        messages.warning(request, _("Choose at least one open entry."))
    for status, sentence in (("released", _("%d released.")), ("discarded", _("%d discarded."))):
        if counts[status]:
            messages.success(request, sentence % counts[status])
    for verdict in [each for each in verdicts if each.status == "refused"][:5]:
        why = in_words(verdict.reason, verdict.params)
        messages.error(request, _("Still refused: %(why)s") % {"why": why})
