"""A small world for crawls: the provider with everything a company can have, in canaries.

CANARY marks what nobody but the provider may see; SHARED_CANARY what the customer may see too.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

CANARY = "ZX-PRIVATE-7731"
SHARED_CANARY = "ZX-SHARED-4402"
NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)

SCENARIO = f"""
format: 1
networks:
  - founder: provider
    name: Roads {SHARED_CANARY}
    purpose: {SHARED_CANARY}
    members:
      - {{company: provider, roles: [provider]}}
      - {{company: customer, roles: [customer]}}
      - {{company: maker, roles: [manufacturer], joined: false}}
  - founder: provider
    name: Rails {CANARY}
    purpose: {CANARY}
    members:
      - {{company: provider, roles: [provider]}}
      - {{company: maker, roles: [manufacturer]}}
asset_types:
  - company: provider
    name: Truck {SHARED_CANARY}
    description: {CANARY}
    positions: ["FL; Front left", "SP; Spare; 0"]
    channels:
      - {{code: distance, title: Distance, kind: counter, unit: km, max_rate_per_hour: "150",
         expected_interval_seconds: 3600}}
  - {{company: provider, name: Tire, description: {CANARY}, is_component: true}}
assets:
  - {{company: provider, type: Tire, name: Tire {SHARED_CANARY}, serial: R-1, provider: provider,
     customer: customer}}
  - {{company: provider, type: Tire, name: Tire {CANARY}, serial: R-2, provider: provider}}
  - {{company: provider, type: Truck {SHARED_CANARY}, name: Truck {SHARED_CANARY}, serial: T-1,
     owner: provider, provider: provider, customer: customer}}
  - {{company: provider, type: Truck {SHARED_CANARY}, name: Truck {CANARY}, serial: T-2,
     provider: provider}}
mountings:
  - {{company: provider, component: R-1, host: T-1, position: FL,
     mounted_at: "2026-08-20T00:00:00+02:00"}}
  - {{company: provider, component: R-2, host: T-2, position: FL,
     mounted_at: "2026-08-20T00:00:00+02:00"}}
import_profiles: []
contracts:
  - provider: provider
    customer: customer
    title: Kilometres {SHARED_CANARY}
    network: Roads {SHARED_CANARY}
    starts_on: 2026-09-01
    deposit: "500.00"
    credit_limit: "5000.00"
    state: active
    items:
      - {{asset: T-1, channel: distance, meter: distance}}
      - {{asset: R-1, channel: distance, meter: tire, follows_host: true}}
    plan:
      name: Kilometres
      currency: EUR
      charges:
        - {{model: flat_fee, code: base, title: {{en: Base, de: Grundgebühr}}, amount: "90.00"}}
        - {{model: per_unit, code: km, title: {{en: Kilometres, de: Kilometer}}, meter: distance,
           unit: km, unit_price: "0.067", pooling: each}}
        - {{model: per_unit, code: tire, title: {{en: Tire, de: Reifen}}, meter: tire, unit: km,
           unit_price: "0.004", pooling: each}}
    split:
      label: Kilometres
      residual: provider
      line_steps:
        - {{code: maker, kind: per_unit, rate: "0.01", charges: [km], parts: [{{party: maker}}]}}
        - {{code: finance, kind: percent, percent: "30", parts: [{{party: financier}}]}}
      contract_steps:
        - {{code: care, kind: fixed, party: workshop, amount: "12.00"}}
  - provider: provider
    customer: customer
    title: Draft {CANARY}
    starts_on: 2026-09-01
    state: draft
    items: [{{asset: T-2, channel: distance, meter: distance}}]
    plan:
      name: Draft {CANARY}
      currency: EUR
      charges:
        - {{model: per_unit, code: km, title: {{en: Kilometres, de: Kilometer}}, meter: distance,
           unit: km, unit_price: "0.05", pooling: each}}
"""


def build_world(cast: dict[str, Any], person_of: Callable[..., Any]) -> dict[str, Any]:
    """Load, send readings, bill and issue a month. Gives the provider's ids by prefix."""
    from apps.blueprints.domain.scenario import parse
    from apps.blueprints.operations import load_scenario
    from apps.tenancy.context import as_platform, company_context, no_company

    scenario, lines = parse(SCENARIO)
    with no_company():
        load_scenario(scenario=scenario, lines=lines, now=NOW - timedelta(days=70))
    person_of(cast["provider"])
    with company_context(cast["provider"]):
        _readings()
        _lives()
        _bill(person_of(cast["provider"]))
        _payments(cast)
        _declared(cast)
        _self_billing(cast)
        _received(cast, person_of(cast["provider"]))
        _blueprints()
        _told_and_proposed()
        _asked(cast)
        _webhook()
        _for_sale(cast)
        _plan(cast)
        _told(cast["provider"], person_of(cast["provider"]))
        ids = _tenant_ids()
    ids |= _owed(cast, person_of(cast["provider"]))
    with no_company(), as_platform():
        ids |= _shared_ids(cast["provider"])
    return {"ids": ids}


def _lives() -> None:
    from decimal import Decimal

    from apps.assets.domain.mounting import LifeFacts
    from apps.assets.models import Asset
    from apps.assets.operations import begin_life, record_act

    for truck in Asset.objects.filter(serial__startswith="T-").order_by("-serial"):
        note = CANARY if truck.serial == "T-2" else SHARED_CANARY
        record_act(
            asset=truck, kind="serviced", happened_on=NOW.date(), note=note, now=NOW, actor=note
        )
    for tire in Asset.objects.filter(serial__startswith="R-"):
        note = CANARY if tire.serial == "R-2" else SHARED_CANARY
        begin_life(facts=LifeFacts(tire.pk, "new", NOW, Decimal(16), note), now=NOW)


def _readings() -> None:
    from apps.telemetry.operations import RawItem, recompute_dirty, take_in

    start = datetime(2026, 8, 31, 20, 0, tzinfo=UTC)
    items = [
        RawItem(
            hour,
            serial,
            "distance",
            (start + timedelta(hours=hour)).isoformat(),
            str(1000 + hour * 7),
        )
        for serial in ("T-1", "T-2")
        for hour in range(24 * 33)
    ]
    items.append(RawItem(9000, "T-1", "distance", "2026-09-20T10:30:00Z", "5"))
    items.append(RawItem(9001, CANARY, "nothing", "2026-09-20T10:30:00Z", "5", raw=CANARY))
    take_in(items=items, source="test", now=NOW)
    recompute_dirty(now=NOW)


def _bill(person: Any) -> None:
    from apps.billing.models import Invoice
    from apps.billing.operations import approve_invoices, issue_invoices, start_run
    from apps.events.operations import run_waiting_jobs

    start_run(label="2026-09", now=NOW, started_by=str(person))
    run_waiting_jobs(now=NOW)
    drafts = list(Invoice.objects.all())
    assert drafts, "the world has an invoice"
    approve_invoices(invoices=drafts, now=NOW, approved_by=str(person))
    issue_invoices(invoices=drafts, now=NOW, issued_by=str(person))
    run_waiting_jobs(now=NOW)


def _declared(cast: dict[str, Any]) -> None:
    """A contract whose customer declares, and what it said; a canary that only the provider sees."""
    from datetime import date
    from decimal import Decimal

    from apps.assets.models import Asset
    from apps.contracts.domain.facts import ContractFacts, ItemFacts
    from apps.contracts.models import Contract
    from apps.contracts.operations import draft_contract, offer_contract, sign_contract
    from apps.contracts.queries import content_sha256
    from apps.events.operations import run_waiting_jobs
    from apps.metering.models import DeclaredReading
    from apps.metering.operations import declare_reading
    from apps.metering.queries.declared import declarable_item
    from apps.telemetry.domain.sources import MeterTerms
    from apps.tenancy.context import company_context

    plan = {"name": "Declared", "currency": "EUR",
            "charges": [{"model": "per_unit", "code": "km", "title": "Kilometres", "meter": "km",
                         "unit": "km", "unit_price": "0.05"}]}  # fmt: skip
    asset = Asset.objects.get(serial="T-1")
    item = ItemFacts(asset.pk, "distance", "km", meter_terms=MeterTerms(("declared",)))
    facts = ContractFacts(
        customer_id=cast["customer"].pk, title=f"Declared {SHARED_CANARY}",
        starts_on=date(2026, 10, 1),
    )  # fmt: skip
    contract = draft_contract(facts=facts, items=[item], plan=plan, now=NOW, actor="A")
    offer_contract(contract=contract, now=NOW, actor="A")
    with company_context(cast["customer"]):
        shown = Contract.objects.get(pk=contract.pk)
        sign_contract(contract_id=shown.pk, content=content_sha256(shown), now=NOW, actor="C")
    run_waiting_jobs(now=NOW)
    with company_context(cast["customer"]):
        [own] = shown.items.all()
        place = declarable_item(own.pk, NOW)
        assert place is not None
        declare_reading(place=place, read_on=date(2026, 10, 31), value=Decimal(900), now=NOW,
                        actor=SHARED_CANARY)  # fmt: skip
    provider = cast["provider"]
    DeclaredReading.objects.create(
        author=provider, parties=[provider.pk], provider=provider, contract_id=contract.pk,
        item_id=own.pk, asset_label=CANARY, channel_code="distance", unit="km", value=1,
        read_at=NOW, said_by=CANARY, said_at=NOW,
    )  # fmt: skip


def _payments(cast: dict[str, Any]) -> None:
    from apps.payments.models import Payment
    from apps.payments.operations import Expected, Incoming, expect_payments, record_payment

    provider, customer = cast["provider"], cast["customer"]
    expected = Expected(
        reference=CANARY, label=CANARY, payer_id=customer.pk, payer_name=CANARY, amount_minor=100,
        currency="EUR", due_on=NOW.date(),
    )  # fmt: skip
    expect_payments(items=[expected])
    for number, (payer, word) in enumerate([(customer.pk, SHARED_CANARY), (None, CANARY)]):
        came = Incoming(
            provider_ref=f"pi_world_{number}", amount_minor=100, currency="EUR", title=word,
            method=Payment.Method.CHECKOUT, payer_id=payer, payer_name=provider.name,
        )  # fmt: skip
        paid = record_payment(payment=came, state=Payment.State.SUCCEEDED, now=NOW)
    _second_look(provider, customer, paid)
    _bank(cast)


def _second_look(provider: Any, customer: Any, paid: Any) -> None:
    """A refund and a run of debits that wait for a second person."""
    from apps.payments.models import Debit, DebitRun, RefundRequest

    own = {"author": provider, "parties": [provider.pk]}
    RefundRequest.objects.create(
        **own, payment=paid, amount_minor=1, currency="EUR", reason=CANARY, asked_by_id=0,
        asked_by=CANARY, asked_at=NOW,
    )  # fmt: skip
    run = DebitRun.objects.create(
        **own, collected_on=NOW.date(), drafted_by_id=0, drafted_by=CANARY, drafted_at=NOW
    )
    Debit.objects.create(
        **own, run=run, payer=customer, payer_name=CANARY, reference=CANARY, title=CANARY,
        amount_minor=1, mandate_reference="MDT-1", iban="DE89370400440532013000",
    )  # fmt: skip


def _bank(cast: dict[str, Any]) -> None:
    """A bank account partners see, a booking nobody else sees, a batch that waits."""
    from apps.payments.models import PayoutLoss
    from apps.payments.operations import (
        PayoutItem,
        draft_payouts,
        import_bank_statement,
        open_account,
        sign_mandate,
    )
    from tests.conftest import make_person
    from tests.integration.payments.camt import booking, statement

    entry = booking("7.00", name=CANARY, text=CANARY, ref="B1")
    import_bank_statement(content=statement(entry), now=NOW, actor=CANARY)
    for holder, iban in ((SHARED_CANARY, "DE89370400440532013000"),
                         (CANARY, "DE62370400440532013001")):  # fmt: skip
        open_account(holder_name=holder, iban=iban, creditor_id="", now=NOW, actor=CANARY)
    sign_mandate(creditor=cast["maker"], now=NOW, actor=CANARY)
    _saved_mandate(cast)
    item = PayoutItem(payee=cast["maker"], reference=CANARY, title=CANARY, amount_minor=100)
    batch = draft_payouts(
        items=[item], method="sepa", currency="EUR", now=NOW,
        drafted_by=make_person(cast["provider"], "finance"),
    )  # fmt: skip
    PayoutLoss.objects.create(
        author=cast["provider"], parties=[cast["provider"].pk], payout=batch.payouts.get(),
        reason=CANARY, asked_by_id=0, asked_by=CANARY, asked_at=NOW,
    )  # fmt: skip


def _saved_mandate(cast: dict[str, Any]) -> None:
    """By it the maker collects from the provider through the payment provider."""
    from apps.payments.models import SavedMandate

    provider, maker = cast["provider"], cast["maker"]
    SavedMandate.objects.create(
        author=provider, parties=sorted([provider.pk, maker.pk]), creditor=maker,
        creditor_name=maker.name, debtor_name=SHARED_CANARY, state="active", method_ref="pm_world",
        country="DE", last4="3000", started_at=NOW, started_by=CANARY, signed_at=NOW,
    )  # fmt: skip


def _self_billing(cast: dict[str, Any]) -> None:
    """A maker's agreement that the maker accepted, a financier's that waits, statements, an objection."""
    from apps.settlement.models import Statement
    from apps.settlement.operations import (
        AgreementFacts,
        answer_agreement,
        answer_objection,
        issue_statements,
        object_to_statement,
        offer_agreement,
    )
    from apps.tenancy.context import company_context

    for name in ("maker", "financier"):
        facts = AgreementFacts(date(2026, 9, 1), None, "outside", CANARY, date(2026, 8, 1), 14)
        offered = offer_agreement(partner=cast[name], facts=facts, now=NOW, actor=CANARY)
        if name == "maker":
            with company_context(cast[name]):
                answer_agreement(agreement_id=offered.pk, accepted=True, now=NOW, actor=CANARY)
    issue_statements(now=NOW, actor=CANARY)
    billed = Statement.objects.get(partner=cast["maker"])
    with company_context(cast["maker"]):
        object_to_statement(statement_id=billed.pk, reason=CANARY, now=NOW, actor=CANARY)
    answer_objection(statement_id=billed.pk, upheld=False, text=CANARY, now=NOW, actor=CANARY)


def _received(cast: dict[str, Any], person: Any) -> None:
    """An e-invoice that the provider received, refused towards the customer, and one still open."""
    from apps.billing.domain.einvoice.ubl import write_ubl
    from apps.billing.operations.incoming import receive_file, refuse_document
    from apps.tenancy.context import as_platform, no_company
    from tests.documents import SELLER, generated

    customer = cast["customer"]
    with no_company(), as_platform():
        type(customer).objects.filter(pk=customer.pk).update(vat_id=SELLER.vat_id)
    for seed, words in ((0, CANARY), (5, SHARED_CANARY)):
        document = replace(generated(seed), number=words)
        found, _new = receive_file(
            content=write_ubl(document), file_name=f"{CANARY}.xml", now=NOW, actor=person
        )
        if words == SHARED_CANARY:
            refuse_document(document=found, reason=SHARED_CANARY, now=NOW, actor=person)


def _asked(cast: dict[str, Any]) -> None:
    """A request of the provider for data the maker collects, its grant, and a file of own data."""
    from apps.assets.domain.facts import AssetFacts, ChannelFacts
    from apps.assets.models import Asset
    from apps.assets.operations import (
        answer_request,
        register_asset_type,
        register_assets,
        request_data,
    )
    from apps.events.operations import run_waiting_jobs
    from apps.telemetry.operations.exporting import start_export
    from apps.tenancy.context import company_context

    with company_context(cast["maker"]):
        hours = ChannelFacts("hours", "Hours", "counter", "h")
        kind = register_asset_type(name=CANARY, channels=[hours], now=NOW)
        facts = AssetFacts(kind.pk, CANARY, "M-1", owner=cast["provider"].pk)
        [asset] = register_assets(assets=[facts], now=NOW)
    request = request_data(
        asset=Asset.objects.get(pk=asset.pk), grantee_id=cast["provider"].pk, kind="values",
        channels=["hours"], resolution="daily", purpose=CANARY, valid_from=NOW, valid_until=None,
        now=NOW, actor=CANARY,
    )  # fmt: skip
    with company_context(cast["maker"]):
        answer_request(request=request, accepts=True, now=NOW, actor=CANARY)
    truck = Asset.objects.get(serial="T-2")
    start_export(
        asset_id=truck.pk, label=CANARY, codes=["distance"], start=NOW - timedelta(days=60),
        end=NOW, form="csv", now=NOW, actor=CANARY,
    )  # fmt: skip
    run_waiting_jobs(now=NOW)


def _webhook() -> None:
    """An endpoint that nobody else sees, with a message that was not taken."""
    from apps.events.models import Webhook, WebhookMessage, WebhookTry
    from apps.tenancy.context import current_company

    provider = current_company()
    own = {"author": provider, "parties": [provider.pk]}
    webhook = Webhook.objects.create(
        **own, url=f"https://hooks.example.com/{CANARY}", description=CANARY,
        events=["invoice.issued"], secret_sealed=CANARY, hint="7731", made_at=NOW, state_since=NOW,
        state="paused", paused_by="failures",
    )  # fmt: skip
    message = WebhookMessage.objects.create(
        **own, webhook=webhook, event="invoice.issued", body=f'{{"type": "{CANARY}"}}',
        state="given_up", reason="status", http_status=500, tries=9, made_at=NOW, settled_at=NOW,
    )  # fmt: skip
    WebhookTry.objects.create(
        **own, message=message, at=NOW, http_status=500, reason="status", answer=CANARY,
        milliseconds=12,
    )  # fmt: skip


def _for_sale(cast: dict[str, Any]) -> None:
    """A truck that the customer is offered, and the maker's thing that another company is offered."""
    from apps.assets.models import Asset
    from apps.supply.domain.terms import TransferTerms
    from apps.supply.operations import offer_transfer

    for serial, buyer, words in (
        ("T-1", "customer", SHARED_CANARY), ("M-1", "financier", CANARY),
    ):  # fmt: skip
        terms = TransferTerms(cast[buyer].pk, NOW.date(), price_minor=100, note=words)
        offer_transfer(asset=Asset.objects.get(serial=serial), terms=terms, now=NOW, actor=words)


def _plan(cast: dict[str, Any]) -> None:
    """An invoice of the platform, what was reported of use, and who is sponsored by whom."""
    from apps.subscriptions.models import PlanInvoice, Sponsorship, UseReport

    own = cast["provider"]
    fenced = {"author": own, "parties": [own.pk]}
    PlanInvoice.objects.create(
        **fenced, invoice_ref="in_1", number=CANARY, state="paid", currency="EUR", net_minor=100,
        tax_minor=19, total_minor=119, open_minor=0, issued_at=NOW, paid_at=NOW,
    )  # fmt: skip
    UseReport.objects.create(**fenced, what="assets", period_start=NOW, more=1, made_at=NOW)
    Sponsorship.objects.create(
        author=own, parties=[own.pk, cast["maker"].pk], sponsor=cast["maker"],
        sponsor_name=cast["maker"].name, participant_name=own.name, since=NOW,
    )  # fmt: skip


def _told(provider: Any, person: Any) -> None:
    """A notification of the provider's director, a doubtful mail of it, and a choice."""
    from apps.common.fields import uuid7
    from apps.notifications.models import Choice, Mail, Notification

    own = {"author": provider, "parties": [provider.pk], "person": person}
    mail = Mail.objects.create(**own, state="unclear", made_at=NOW, problem=CANARY)
    Notification.objects.create(
        **own, event_id=uuid7(), topic="networks", message="network_accepted", subject="",
        params={"company": CANARY, "title": CANARY}, created_at=NOW, in_app=True,
        mail_mode="at_once", mail=mail,
    )  # fmt: skip
    Choice.objects.create(**own, topic="payments", in_app=True, mail_mode="daily")


def _owed(cast: dict[str, Any], person: Any) -> dict[str, str]:
    """A payment that is over, its credit, and a line the customer disputes. Gives its id."""
    from apps.billing.models import Invoice, InvoiceLine
    from apps.billing.operations import (
        OrderFacts,
        SeenPayment,
        answer_dispute,
        dispute_line,
        note_order,
        note_payment,
    )
    from apps.billing.operations.archives import ask_archive
    from apps.common.fields import uuid7
    from apps.events.operations import run_waiting_jobs
    from apps.tenancy.context import company_context

    with company_context(cast["customer"]):
        line = InvoiceLine.objects.select_related("invoice").first()
        assert line is not None
        dispute = dispute_line(
            line=line, net_minor=100, reason=SHARED_CANARY, now=NOW, person=SHARED_CANARY
        )
    with company_context(cast["provider"]):
        order = OrderFacts(SHARED_CANARY, NOW.date())
        note_order(contract=line.invoice.contract, facts=order, now=NOW, person=person)
        seen = SeenPayment(uuid7(), 10**6, NOW.date(), SHARED_CANARY, SHARED_CANARY)
        invoice = Invoice.objects.get(id=line.invoice_id)
        note_payment(receivable_id=invoice.id, payment=seen, now=NOW, person=person)
        ask_archive(invoices=[invoice.id], now=NOW, person=CANARY)
        run_waiting_jobs(now=NOW)
        answer_dispute(dispute=dispute, granted_minor=0, text=SHARED_CANARY, now=NOW, person=person)
    return {"dsp": dispute.public_id}


def _blueprints() -> None:
    """A network on its way from an own blueprint that nobody else sees."""
    from apps.blueprints.operations import begin_setup, take_in_blueprint
    from apps.blueprints.queries import shipped_text

    text = shipped_text("cleaning-service").replace("Data-driven cleaning service", CANARY)
    own = take_in_blueprint(content=text.encode(), now=NOW, actor=CANARY)
    begin_setup(blueprint=own.public_id, now=NOW, actor=CANARY)


def _told_and_proposed() -> None:
    """A profile that partners read, and a change of assets that the customer has not answered."""
    from apps.contracts.models import Contract
    from apps.contracts.operations import propose_cover
    from apps.networks.operations import save_profile

    save_profile(about="Roads", website="", shown=["address"], now=NOW, actor=CANARY)
    contract = Contract.objects.get(title__startswith="Kilometres")
    tire = contract.items.get(meter="tire")
    propose_cover(
        contract=contract, added=[], withdrawn=[tire.pk], valid_from=date(2027, 1, 1), now=NOW,
        actor=SHARED_CANARY,
    )  # fmt: skip


def _tenant_ids() -> dict[str, str]:
    from django.apps import apps

    found = {}
    for model in apps.get_app_config("telemetry").get_models():
        row = model._default_manager.first() if getattr(model, "prefix", "") else None
        if row is not None:
            found[model.prefix] = row.public_id
    return found


def _shared_ids(provider: Any) -> dict[str, str]:
    from django.apps import apps

    from apps.tenancy.fence import FencedModel

    found = {}
    for model in apps.get_models():
        if issubclass(model, FencedModel):
            row = model.all_parties.filter(author=provider).order_by("id").first()
            if row is not None:
                found[model.prefix] = row.public_id
    return found
