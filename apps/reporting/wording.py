"""Jobs in words a person knows."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

JOB_TITLES: dict[str, str | Promise] = {
    "accounts.mail_invitation": _("Mail an invitation"),
    "billing.chunk": _("Calculate invoices"),
    "billing.continue_runs": _("Continue billing runs"),
    "billing.correct": _("Correct billed periods"),
    "billing.park_refused": _("Set aside periods that cannot be metered"),
    "billing.end": _("Bill again what a contract's end changes"),
    "billing.allocate": _("Settle documents with payments"),
    "billing.expect": _("Expect payments of documents"),
    "billing.expect_again": _("Expect payments of documents"),
    "billing.take_back": _("Open again what was paid back"),
    "billing.hold_back": _("Hold back what is disputed"),
    "billing.hold_back_less": _("Hold back what is disputed"),
    "billing.open_receivables": _("Open what is owed on earlier documents"),
    "billing.store_documents": _("Store files of documents"),
    "billing.store_evidence": _("Store evidence of an invoice"),
    "contracts.activate": _("Put a contract into force"),
    "contracts.adopt_plan": _("Put new prices into force"),
    "contracts.close_ended": _("Close ended contracts"),
    "contracts.end_grants": _("End data grants"),
    "contracts.grant_data": _("Give data grants of a contract"),
    "metering.begin": _("Begin metering of a contract"),
    "metering.drop_old_readings": _("Drop readings beyond retention"),
    "metering.end_orders": _("End metering of a contract"),
    "metering.follow_dismounted": _("Follow a component to its host"),
    "metering.follow_mounted": _("Follow a component to its host"),
    "metering.follow_withdrawn": _("Follow a component to its host"),
    "metering.follow_plan": _("Meter by new prices"),
    "metering.late": _("Find usage changed by late readings"),
    "metering.late_mountings": _("Find usage changed by a mounting"),
    "metering.meter": _("Meter the usage of a period"),
    "metering.open_periods": _("Refresh the running usage"),
    "metering.provisional": _("Refresh the running usage"),
    "metering.write_orders": _("Begin metering of a contract"),
    "telemetry.counter_when_dismounted": _("Note the counter of a dismounted component"),
    "telemetry.counter_when_mounted": _("Note the counter of a mounted component"),
    "telemetry.disown_counter": _("Take back the counter of a mounting"),
    "telemetry.drain": _("Work in new readings"),
    "telemetry.import": _("Import a file of readings"),
    "telemetry.make_channels": _("Prepare channels of assets"),
    "telemetry.refresh_channels": _("Prepare channels of assets"),
    "telemetry.roll_up": _("Work in new readings"),
}


def job_title(kind: str) -> str:
    """A job's kind in words; an unknown one as it is written."""
    return str(JOB_TITLES.get(kind) or kind.replace(".", " · ").replace("_", " "))
