"""Pages: how long a signed-in person waits, alone and with three others, and what growth costs."""

from collections.abc import Sequence
from contextlib import closing
from typing import Any

from apps.billing.operations import approve_invoices, issue_invoices, start_run
from apps.common.ids import encode
from apps.events.operations import run_waiting_jobs
from apps.tenancy.context import company_context
from tests.bench import people, scene
from tests.bench.client import Load, load, request
from tests.bench.contracts import LABEL, make_contracts
from tests.bench.figures import LESS, Aim, Findings, in_turn
from tests.bench.profile import profile_of
from tests.bench.scene import Party
from tests.bench.stage import Stage, Web, days

SMALL = 10
ISSUED = 200  # of the large company's drafts; so many invoices a person may see issued
BORING = ("asset_list", "contract_list", "invoice_list")
PARTS = ("invoice_owed",)  # asked for by a page


def run(stage: Stage) -> Findings:
    """p95 by page with one and four clients, queries, and the ratio of large to small."""
    findings = Findings("Pages")
    size = 2_000 if stage.quick else 10_000
    with closing(stage.owner()) as owner:
        large, small = scene.party(owner, "provider"), scene.party(owner, "maker")
        customer = scene.party(owner, "customer")
        for own, count in ((large, size), (small, SMALL)):
            make_contracts(owner, own, customer, count, stage.now)
            bill(stage, own)
        with stage.web() as web:
            Pages(stage, findings, web, large, small, size).measure()
            findings.add("Memory of a web worker after all pages", web.memory(), "MiB",
                aim=Aim(150, 100, LESS))  # fmt: skip
    return findings


def bill(stage: Stage, own: Party) -> None:
    """One run over all contracts by the portal itself; some of its drafts are issued."""
    from apps.billing.models import Invoice

    with company_context(people.company_of(own)):
        start_run(label=LABEL, now=stage.now, started_by="bench")
        run_waiting_jobs(now=stage.now + days(0.01), limit=11)
        chosen = list(Invoice.objects.order_by("id").values_list("id", flat=True)[:ISSUED])
        approve_invoices(invoices=chosen, now=stage.now, approved_by="bench")
        issue_invoices(invoices=chosen, now=stage.now, issued_by="bench")


class Pages:
    """The same pages of a large and of a small company, in turn."""

    def __init__(
        self,
        stage: Stage,
        findings: Findings,
        web: Web,
        large: Party,
        small: Party,
        size: int,
    ) -> None:
        self.stage, self.findings, self.web = stage, findings, web
        self.sessions = {own.slug: people.session_of(stage, own) for own in (large, small)}
        self.large, self.small, self.size = large, small, size

    def measure(self) -> None:
        for title, name in (
            ("home", "home"), ("asset list", "asset_list"), ("asset detail", "asset_detail"),
            ("contract list", "contract_list"), ("contract detail", "contract_detail"),
            ("invoice list", "invoice_list"), ("invoice detail", "invoice_detail"),
            ("invoice detail, its money part", "invoice_owed"),
        ):  # fmt: skip
            self.page(title, name)
        self.profile("asset_list")

    def page(self, title: str, name: str) -> None:
        number, rounds = (40, 3) if self.stage.quick else (100, 5)
        loads: dict[str, list[Load]] = {"one": [], "four": [], "small": []}
        cases = {
            "one": lambda: self._load(loads["one"], self.large, name, number, 1),
            "small": lambda: self._load(loads["small"], self.small, name, number, 1),
            "four": lambda: self._load(loads["four"], self.large, name, 2 * number, 4),
        }
        for case in (self.large, self.small):
            load(self.web.port, [self.prepared(case, name)] * 12, 4)
        in_turn(cases, rounds)
        add = self.findings.add
        add(f"{title}: p95, one client", [one.p95 for one in loads["one"]], "ms",
            aim=Aim(50, 25, LESS))  # fmt: skip
        add(f"{title}: p95, four clients", [one.p95 for one in loads["four"]], "ms",
            aim=Aim(100, 60, LESS))  # fmt: skip
        pairs = zip(loads["one"], loads["small"], strict=True)
        add(f"{title}: median with {self.size:,} ÷ {SMALL} assets",
            [one.p50 / other.p50 for one, other in pairs], "", aim=Aim(1.5, 1.1, LESS))  # fmt: skip
        add(f"{title}: queries", float(self.queries(name)), "", aim=Aim(12, 6, LESS))

    def _load(self, found: list[Load], own: Party, name: str, number: int, clients: int) -> float:
        one = load(self.web.port, [self.prepared(own, name)] * number, clients)
        found.append(one)
        return one.p95

    def prepared(self, own: Party, name: str) -> bytes:
        from django.conf import settings

        cookie = f"{settings.SESSION_COOKIE_NAME}={self.sessions[own.slug]}"
        host = f"{own.slug}.{settings.PERUSE_DOMAIN}"
        headers = [f"Cookie: {cookie}", "Accept-Language: en", "Accept: text/html"]
        headers += ["HX-Request: true"] if name in PARTS else []
        return request("GET", self.path(own, name), host, headers=headers)

    def path(self, own: Party, name: str) -> str:
        from django.urls import reverse

        arguments = [] if name == "home" or name in BORING else [self.public_id(own, name)]
        return reverse(name, args=arguments)

    def public_id(self, own: Party, name: str) -> str:
        from apps.billing.models import Invoice

        if name == "asset_detail":
            return scene.asset_id(own.id, 3)
        if name == "contract_detail":
            return encode("ctr", scene.key("contract", own.id, 3))
        with company_context(people.company_of(own)):
            return Invoice.objects.order_by("id").first().public_id

    def client(self) -> Any:
        from django.conf import settings
        from django.test import Client

        client = Client(HTTP_HOST=f"{self.large.slug}.{settings.PERUSE_DOMAIN}")
        client.cookies[settings.SESSION_COOKIE_NAME] = self.sessions[self.large.slug]
        return client

    def queries(self, name: str) -> int:
        """Of the page in this process, when everything that is remembered is remembered."""
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        client, path = self.client(), self.path(self.large, name)
        headers = {"HX-Request": "true"} if name in PARTS else {}
        client.get(path, headers=headers)
        with CaptureQueriesContext(connection) as captured:
            if client.get(path, headers=headers).status_code != 200:
                raise RuntimeError(path)
        return len(real_queries([query["sql"] for query in captured.captured_queries]))

    def profile(self, name: str) -> None:
        client, path = self.client(), self.path(self.large, name)
        client.get(path)
        title = f"One {name.replace('_', ' ')}, in one process"
        self.findings.profiles[title] = profile_of(lambda: client.get(path), times=20)


def real_queries(statements: Sequence[str]) -> list[str]:
    """Without the introduction of a connection and the ends of transactions."""
    quiet = ("SET ", "BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")
    return [one for one in statements if not one.upper().startswith(quiet)]
