"""One late reading after issue: the work until its correction is drafted ÷ billing one contract."""

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from apps.billing.models import Correction, Invoice
from apps.billing.operations import start_run
from apps.contracts.models import Contract
from apps.events.operations import run_waiting_jobs
from apps.telemetry.operations import RawItem, recompute_dirty, take_in
from tests.bench import scene
from tests.bench.contracts import LABEL
from tests.bench.figures import LESS, Aim, Findings, in_turn, ratios
from tests.bench.profile import profile_of
from tests.bench.stage import Stage, timed

ROUNDS = 15
# After the last reading of the billed month: it moves the closing value, and so the quantity.
LATE = datetime(2026, 10, 31, 18, tzinfo=UTC)


class LateReadings:
    """Contracts 1 to `issued` are billed and issued, those after them not yet billed."""

    def __init__(
        self, stage: Stage, findings: Findings, owner: psycopg.Connection[Any], company: Any,
        issued: int,
    ) -> None:  # fmt: skip
        self.stage, self.findings, self.owner, self.company = stage, findings, owner, company
        self.next_late, self.next_new = (
            iter(range(1, issued)),
            iter(range(issued + 1, issued + 200)),
        )

    def measure(self) -> None:
        self.owner.execute("delete from events_job")
        for warm in (self.late, self.billed):
            warm()
        found = in_turn({"late": self.late, "billed": self.billed}, ROUNDS)
        add = self.findings.add
        add("One late reading after issue, until its correction is drafted ÷ billing one contract",
            ratios(found["late"], found["billed"]), "×", aim=Aim(2, 1.2, LESS))  # fmt: skip
        add("… the late reading", [1000 * one for one in found["late"]], "ms")
        add("… billing one contract alone", [1000 * one for one in found["billed"]], "ms")
        self.findings.profiles["One late reading, in one process"] = profile_of(self.late, times=5)

    def late(self) -> float:
        """Seconds from the reading's mark to the corrections' commit, jobs included."""
        number, before = next(self.next_late), Correction.objects.count()
        asset, value = scene.asset_id(self.company.pk, number), self.higher(number)
        item = RawItem(0, asset, "cycles", LATE, value)
        (outcome,) = take_in(items=[item], source="bench", now=self.stage.now)
        if outcome.status != "accepted":
            raise RuntimeError(f"the late reading is {outcome}")
        seconds = timed(self.work)
        if Correction.objects.count() != before + 1:
            raise RuntimeError("the late reading corrected nothing")
        return seconds

    def higher(self, number: int) -> str:
        """A value above all of the asset's, within what its counter can do."""
        schema, asset = self.company.schema_name, scene.key("asset", self.company.pk, number)
        row = self.owner.execute(
            f"select trim_scale(max(l.value) + 500)::text from {schema}.telemetry_level l "
            f"join {schema}.telemetry_channel c on c.id = l.channel_id where c.asset_id = %s",
            [asset],
        ).fetchone()
        return str(row[0]) if row else ""

    def work(self) -> None:
        recompute_dirty(now=self.stage.now)
        self.jobs()

    def billed(self) -> float:
        """Seconds of a run over one contract alone."""
        key = scene.key("contract", self.company.pk, next(self.next_new))
        chosen, before = [Contract.objects.get(id=key)], Invoice.objects.count()

        def work() -> None:
            start_run(label=LABEL, now=self.stage.now, started_by="bench", contracts=chosen)
            self.jobs()

        seconds = timed(work)
        if Invoice.objects.count() != before + 1:
            raise RuntimeError("the contract was not billed")
        return seconds

    def jobs(self) -> None:
        run_waiting_jobs(now=self.stage.now + timedelta(minutes=1))
