"""Bill a month: `run_billing --company C --period YYYY-MM [--dry-run] [--issue] [--queue]`."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from apps.billing.management.base import CompanyCommand
from apps.billing.models import BillingRun, Invoice, RunItem
from apps.billing.operations import approve_invoices, issue_invoices, start_run
from apps.billing.queries.runs import progress_of
from apps.billing.wording import reason_words
from apps.common.money import Money
from apps.events.models import Job
from apps.events.operations import work_on
from apps.tenancy.context import company_context, current_company

ACTOR = "manage.py run_billing"


class Command(CompanyCommand):
    help = "Bill every finished period that ends in a month, and older ones still open."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--period", required=True, metavar="YYYY-MM")
        parser.add_argument("--dry-run", action="store_true", help="calculate, write no invoice")
        parser.add_argument("--issue", action="store_true", help="approve and issue what it drafts")
        parser.add_argument("--queue", action="store_true", help="leave the work to the workers")

    def handle(self, **options: Any) -> None:
        if options["queue"] and options["issue"]:
            raise CommandError("--issue needs the drafts at once; leave --queue away.")
        with company_context(self.company_of(options)):
            run = self._start(options)
            if not options["queue"]:
                _work("billing.chunk")
            issued = _issue(run) if options["issue"] and not run.dry else []
            answer = _answer(run, issued)
            self.show(answer, _text(answer), options)

    def _start(self, options: dict[str, Any]) -> BillingRun:
        try:
            return start_run(
                label=options["period"],
                now=timezone.now(),
                dry=options["dry_run"],
                started_by=ACTOR,
            )
        except ValidationError as problem:
            raise CommandError(" ".join(problem.messages)) from None


def _work(kind: str) -> None:
    """Do the company's waiting jobs of this kind here; a live worker may take some of them."""
    waiting = Job.objects.filter(state=Job.State.WAITING, kind=kind, company=current_company())
    for job_id in list(waiting.order_by("created_at", "id").values_list("id", flat=True)):
        work_on(job_id=job_id, now=timezone.now())


def _issue(run: BillingRun) -> list[Invoice]:
    ids = list(
        RunItem.objects.filter(run=run, invoice__isnull=False).values_list("invoice_id", flat=True)
    )
    now = timezone.now()
    with transaction.atomic():
        approve_invoices(invoices=ids, now=now, approved_by=ACTOR)
        issued = issue_invoices(invoices=ids, now=now, issued_by=ACTOR)
    _work("billing.store_evidence")
    return issued


def _answer(run: BillingRun, issued: list[Invoice]) -> dict[str, Any]:
    run.refresh_from_db()
    progress = progress_of(run)
    parked = RunItem.objects.filter(run=run, state=RunItem.State.PARKED)
    return {
        "run": run.public_id, "label": run.label, "dry": run.dry, "state": run.state,
        "periods": progress.counts,
        "net": {code: str(Money(net, code)) for code, net in progress.nets.items()},
        "parked": [
            {
                "contract": item.contract.public_id, "title": item.contract.title,
                "period_start": item.period_start.isoformat(), "reason": item.reason,
                **reason_words(item.reason, item.params),
            }
            for item in parked.select_related("contract")
        ],
        "issued": [invoice.number for invoice in issued],
    }  # fmt: skip


def _text(answer: dict[str, Any]) -> str:
    kind = "dry run" if answer["dry"] else "run"
    counts = ", ".join(f"{count} {state}" for state, count in answer["periods"].items())
    lines = [f"{answer['run']}: {kind} of {answer['label']}: {counts or 'nothing to bill'}"]
    lines += [f"net {net}" for net in answer["net"].values()]
    lines += [f"parked: {row['title']}: {row['what']} {row['next']}" for row in answer["parked"]]
    lines += [f"issued {number}" for number in answer["issued"]]
    return "\n".join(lines)
