"""After any sequence of acts a read succeeds exactly when a living grant covers it, and is logged.

Companies sign, end, give, take back, ask, share, withdraw, and an asset's user changes, while time
passes; beside it a plain list says who may read what.
"""

from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from apps.assets.domain.facts import AssetFacts, ChannelFacts
from apps.assets.models import Asset, DataGrant, DataRequest, GrantedSeries, GrantRead
from apps.assets.operations import (
    GrantWish,
    NotGranted,
    answer_request,
    change_asset,
    drop_ended_series,
    end_grants,
    give_data,
    grant_data,
    register_asset_type,
    register_assets,
    request_data,
    revoke_grant,
    withdraw_request,
)
from apps.common.fields import uuid7
from apps.events.operations import run_waiting_jobs
from apps.telemetry.door import grant_for, page_under_grant, read_under_grant, slots_under_grant
from apps.telemetry.operations import RawItem, recompute_dirty, sync_channels, take_in
from apps.tenancy.context import company_context
from apps.tenancy.operations import make_acquaintance

BEGIN = datetime(2026, 10, 1, tzinfo=UTC)
START = datetime(2026, 10, 6, 9, 30, tzinfo=UTC)
FINENESS = {"daily": 0, "hourly": 1, "raw": 2}
USERS, READERS = ("customer", "financier"), ("maker", "workshop")
CHANNELS = ("hours", "recipe")
channels = st.sampled_from([["hours"], ["recipe"], ["hours", "recipe"]])
resolutions = st.sampled_from(sorted(FINENESS))
hours = st.integers(-60, 60)


@dataclass
class Right:
    """What the naive twin knows of one grant. `user`: whose use it rests on; "?": on nobody's."""

    key: UUID
    grantee: str
    channels: tuple[str, ...]
    resolution: str
    start: datetime
    end: datetime | None
    user: str | None = "?"
    contract: UUID | None = None
    request: UUID | None = None
    revocable: bool = False
    revoked: bool = False

    def lives(self, now: datetime) -> bool:
        return not self.revoked and self.start <= now and (self.end is None or now < self.end)

    def end_at(self, instant: datetime) -> None:
        if self.end is None or self.end > instant:
            self.end = max(instant, self.start)


class Grants(RuleBasedStateMachine):
    """One press of the provider."""

    cast: dict[str, Any]
    press: Asset

    @initialize()
    def begin(self) -> None:
        self.stack = ExitStack()
        self.stack.enter_context(transaction.atomic())
        self.stack.callback(transaction.set_rollback, True)
        self.now, self.user, self.rights = START, None, list[Right]()
        self.stack.enter_context(company_context(self.cast["provider"]))
        self.press.refresh_from_db()

    def teardown(self) -> None:
        if hasattr(self, "stack"):
            self.stack.close()

    def as_(self, slug: str) -> Any:
        return company_context(self.cast[slug])

    def jobs(self) -> None:
        run_waiting_jobs(now=self.now)

    def noted(self, grant: DataGrant | None, slug: str, **more: Any) -> None:
        if grant is not None:
            self.rights.append(Right(
                grant.pk, slug, tuple(grant.channels), grant.resolution, grant.valid_from,
                grant.valid_until, revocable=grant.revocable, **more,
            ))  # fmt: skip

    def terms(self, codes: list[str], resolution: str, since: int, until: int) -> dict[str, Any]:
        start = self.now + timedelta(hours=since)
        end = max(start, self.now) + timedelta(hours=until) if until > 0 else None
        return {"kind": "values", "channels": codes, "resolution": resolution, "purpose": "x",
                "valid_from": start, "valid_until": end, "now": self.now, "actor": "A"}  # fmt: skip

    @rule(slug=st.sampled_from(READERS + USERS), codes=channels, resolution=resolutions,
          since=hours, until=hours, named=st.booleans())  # fmt: skip
    def sign(self, slug: str, codes: list[str], resolution: str, since: int, until: int,
             named: bool) -> None:  # fmt: skip
        terms, contract = self.terms(codes, resolution, since, until), uuid7()
        wish = GrantWish(
            self.cast[slug].pk, tuple(codes), resolution, "x", terms["valid_from"],
            terms["valid_until"], named=named,
        )  # fmt: skip
        found = grant_data(
            wanted={self.press: [wish]}, contract_id=contract, now=self.now
        )  # fmt: skip
        grant = found[0] if found else None
        assert (grant is None) == (not named and codes == ["recipe"])
        assert grant is None or named or "recipe" not in grant.channels
        self.noted(grant, slug, contract=contract)
        self.jobs()

    @rule(place=st.integers(0, 30), later=st.integers(0, 40))
    def end(self, place: int, later: int) -> None:
        signed = [right for right in self.rights if right.contract]
        if signed:
            contract = signed[place % len(signed)].contract
            assert contract is not None
            until = self.now + timedelta(hours=later)
            end_grants(contract_id=contract, now=self.now, valid_until=until)
            for right in signed:
                if right.contract == contract:
                    right.end_at(until)

    @rule(slug=st.sampled_from(READERS), codes=channels, resolution=resolutions, since=hours)
    def give(self, slug: str, codes: list[str], resolution: str, since: int) -> None:
        terms = self.terms(codes, resolution, since, 0)
        stands = [right for right in self.rights if right.grantee == slug and right.user is None
                  and not right.request]  # fmt: skip
        try:
            with transaction.atomic():
                grant = give_data(asset=self.press, grantee_id=self.cast[slug].pk, **terms)
        except ValidationError:
            grant = None
        if grant is None:
            assert self.user is not None or stands
            return
        assert self.user is None
        if grant.pk not in {right.key for right in self.rights}:
            self.noted(grant, slug, user=None)
        self.jobs()

    @rule(place=st.integers(0, 30))
    def revoke(self, place: int) -> None:
        revocable = [right for right in self.rights if right.revocable]
        if revocable:
            right = revocable[place % len(revocable)]
            revoke_grant(grant=DataGrant.objects.get(pk=right.key), now=self.now)
            right.revoked = True

    @rule(user=st.sampled_from([*USERS, None]))
    def hand_over(self, user: str | None) -> None:
        press = self.press
        facts = AssetFacts(
            press.asset_type_id, press.name, press.serial, manufacturer=press.manufacturer_id,
            provider=press.provider_id, customer=self.cast[user].pk if user else None,
        )  # fmt: skip
        change_asset(asset=press, facts=facts, now=self.now)
        if user == self.user:
            return
        for right in self.rights:
            if right.user not in ("?", user):
                right.end_at(self.now)
        self.user = user
        if user is not None:
            grant = DataGrant.objects.get(origin="use", valid_until=None)
            assert (grant.channels, grant.resolution) == (["hours"], "raw")
            self.noted(grant, user, user=user)

    @rule(slug=st.sampled_from(READERS), codes=channels, resolution=resolutions, since=hours,
          until=hours, agrees=st.booleans())  # fmt: skip
    def share(self, slug: str, codes: list[str], resolution: str, since: int, until: int,
              agrees: bool) -> None:  # fmt: skip
        if self.user is None:
            return
        terms = self.terms(codes, resolution, since, until)
        with self.as_(self.user):
            asset = Asset.objects.get(pk=self.press.pk)
            row = request_data(asset=asset, grantee_id=self.cast[slug].pk, **terms)
        self.jobs()
        if "recipe" in codes and not DataGrant.objects.filter(request=row).exists():
            answer_request(request=row, accepts=agrees, now=self.now, actor="B")
        grant = DataGrant.objects.filter(request=row).first()
        assert (grant is not None) == (codes == ["hours"] or agrees)
        self.noted(grant, slug, user=self.user, request=row.pk)
        self.jobs()

    @rule(codes=channels, resolution=resolutions, since=hours, until=hours,
          user_agrees=st.booleans())  # fmt: skip
    def ask(self, codes: list[str], resolution: str, since: int, until: int,
            user_agrees: bool) -> None:  # fmt: skip
        with self.as_("maker"):
            asset = Asset.objects.get(pk=self.press.pk)
            row = request_data(
                asset=asset, grantee_id=self.cast["maker"].pk,
                **self.terms(codes, resolution, since, until),
            )  # fmt: skip
        answer_request(request=row, accepts=True, now=self.now, actor="B")
        if self.user is not None:
            assert not DataGrant.objects.filter(request=row).exists()
            with self.as_(self.user):
                answer_request(request=row, accepts=user_agrees, now=self.now, actor="C")
            self.jobs()
        grant = DataGrant.objects.filter(request=row).first()
        assert (grant is not None) == (self.user is None or user_agrees)
        self.noted(grant, "maker", user=self.user, request=row.pk)
        self.jobs()

    @rule(place=st.integers(0, 30))
    def withdraw(self, place: int) -> None:
        asked = [right for right in self.rights if right.request]
        if asked:
            right = asked[place % len(asked)]
            row = DataRequest.objects.get(pk=right.request)
            with company_context(row.author):
                withdraw_request(request=row, now=self.now, actor="A")
            self.jobs()
            right.revoked = True

    @rule(passed=st.integers(1, 50))
    def wait(self, passed: int) -> None:
        self.now += timedelta(hours=passed)
        self.jobs()
        drop_ended_series(now=self.now)

    @rule(slug=st.sampled_from(READERS + USERS), code=st.sampled_from(CHANNELS),
          resolution=resolutions)  # fmt: skip
    def read(self, slug: str, code: str, resolution: str) -> None:
        covered = any(
            right.lives(self.now) and right.grantee == slug and code in right.channels
            and FINENESS[right.resolution] >= FINENESS[resolution] for right in self.rights
        )  # fmt: skip
        before = GrantRead.objects.exclude(act="delivered").count()
        with self.as_(slug):
            grant = grant_for(
                asset_id=self.press.pk, channel_code=code, resolution=resolution, now=self.now,
                start=BEGIN, end=BEGIN + timedelta(days=30),
            )  # fmt: skip
            assert (grant is not None) == covered
            if grant is not None:
                self.look(grant, code, resolution)
        assert GrantRead.objects.exclude(act="delivered").count() == before + covered

    def look(self, grant: DataGrant, code: str, resolution: str) -> None:
        asked = {"grant": grant, "channel_code": code, "start": BEGIN,
                 "end": BEGIN + timedelta(days=30), "reader": "R", "now": self.now}  # fmt: skip
        rows: list[Any]
        if resolution == "raw":
            rows = [at for at, _key, _value in page_under_grant(**asked, limit=1000)]
        else:
            rows = [slot.start for slot in slots_under_grant(**asked)]
        end = grant.valid_until or datetime.max.replace(tzinfo=UTC)
        assert all(grant.valid_from <= at < end or at == end for at in rows)

    @rule(place=st.integers(0, 30), code=st.sampled_from(CHANNELS))
    def read_by_an_old_copy(self, place: int, code: str) -> None:
        if not self.rights:
            return
        right = self.rights[place % len(self.rights)]
        opens = right.lives(self.now) and right.resolution == "raw" and code in right.channels
        grant = DataGrant.objects.select_related("author").get(pk=right.key)
        stale = replace_dates(grant)
        with self.as_(right.grantee):
            try:
                read_under_grant(
                    grant=stale, channel_code=code, start=BEGIN, end=self.now, reader="R",
                    now=self.now,
                )  # fmt: skip
            except NotGranted:
                assert not opens
            else:
                assert opens

    @invariant()
    def delivered_is_what_lives(self) -> None:
        if not hasattr(self, "stack"):
            return
        living = {right.key for right in self.rights if right.lives(self.now)}
        assert set(GrantedSeries.objects.values_list("grant", flat=True).distinct()) <= living


def replace_dates(grant: DataGrant) -> DataGrant:
    """A copy from when the grant lived."""
    grant.valid_until, grant.revoked_at = None, None
    return grant


@pytest.fixture
def press(cast: dict[str, Any]) -> Asset:
    """The provider's press of five days, one hour an hour; users and readers know each other."""
    for slug in USERS:
        for other in READERS:
            if (slug, other) != ("financier", "maker"):
                with company_context(cast[slug]):
                    make_acquaintance(other=cast[other], now=BEGIN)
    with company_context(cast["provider"]):
        facts = [
            ChannelFacts("hours", "Hours", "counter", "h"),
            ChannelFacts("recipe", "Recipe", "gauge", "1", mark="secret"),
        ]
        kind = register_asset_type(name="Press", channels=facts, now=BEGIN)
        row = AssetFacts(
            kind.pk, "Press", "P-1", manufacturer=cast["maker"].pk, provider=cast["provider"].pk
        )
        [asset] = register_assets(assets=[row], now=BEGIN)
        sync_channels(asset_ids=[asset.pk])
        items = [
            RawItem(place, asset.public_id, code, (BEGIN + timedelta(hours=n)).isoformat(), str(n))
            for place, (n, code) in enumerate(product(range(130), CHANNELS))
        ]
        take_in(items=items, source="test", now=START)
        recompute_dirty(now=START)
        run_waiting_jobs(now=START)
        return asset


@pytest.mark.parametrize("examples", [6, pytest.param(40, marks=pytest.mark.long)])
def test_a_read_succeeds_exactly_when_a_living_grant_covers_it(
    press: Asset, cast: dict[str, Any], examples: int
) -> None:
    machine = type("OfThisTest", (Grants,), {"cast": cast, "press": press})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples, stateful_step_count=25, deadline=None, database=None,
            suppress_health_check=list(HealthCheck), print_blob=True,
        ),
    )  # fmt: skip
