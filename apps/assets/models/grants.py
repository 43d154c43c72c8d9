"""Data grants: asked for, given, read under, and what is delivered while they live."""

from datetime import datetime
from typing import Any, ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.assets.models.things import Asset
from apps.common.fields import QuantityField
from apps.common.ids import encode
from apps.tenancy.fence import FencedModel

# Purposes the portal itself writes, of what a contract or the right of use brings.
OWN_PURPOSES = {
    "billing": _("billing"),
    "Regulation (EU) 2023/2854, Art. 4": _("Regulation (EU) 2023/2854, Art. 4"),
}
OWN_ORIGINS = frozenset({"contract", "use"})


class GrantKind(models.TextChoices):
    VALUES = "values", _("readings")
    HEALTH = "health", _("device health")


class Resolution(models.TextChoices):
    RAW = "raw", _("every reading")
    HOURLY = "hourly", _("hourly")
    DAILY = "daily", _("daily")


def _what(prefix: str) -> models.CheckConstraint:
    """Readings name channels and a resolution, device health neither."""
    return models.CheckConstraint(
        condition=(Q(kind="values") & ~Q(channels=[]) & ~Q(resolution=""))
        | Q(kind="health", channels=[], resolution=""),
        name=f"assets_{prefix}_what",
    )


class DataRequest(FencedModel):
    """A company asks who collects an asset's data to let `grantee` read; usually itself.

    `user` is the company that uses the asset, where its yes is needed too. Parties are all four.
    """

    prefix = "drq"

    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="data_requests")
    asset_label = models.CharField(max_length=120)
    collector = models.ForeignKey("tenancy.Company", on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(
        "tenancy.Company", on_delete=models.PROTECT, related_name="+", null=True
    )
    grantee = models.ForeignKey("tenancy.Company", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=6, choices=GrantKind, default=GrantKind.VALUES)
    channels = ArrayField(models.CharField(max_length=40), blank=True, default=list)
    resolution = models.CharField(max_length=6, choices=Resolution, blank=True)
    purpose = models.CharField(max_length=200)
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField(null=True)
    asked_by = models.CharField(max_length=200)
    asked_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-asked_at", "-id"]
        constraints: ClassVar[list[Any]] = [
            _what("request"),
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gt=F("valid_from")),
                name="assets_request_span",
            ),
            models.CheckConstraint(
                condition=~Q(grantee=F("collector")), name="assets_request_of_two"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.asset_label} → {self.grantee_id}"

    @property
    def asset_public_id(self) -> str:
        """Copyable id, also where the asset itself is not seen."""
        return encode(Asset.prefix, self.asset_id)

    @property
    def is_share(self) -> bool:
        """Whether the user of the asset shares what its own use generates."""
        return self.user_id is not None and self.user_id == self.author_id

    @property
    def deciders(self) -> set[int]:
        """Companies whose yes it takes."""
        return {self.collector_id, *([] if self.user_id is None else [self.user_id])}


class RequestAnswer(FencedModel):
    """What one of those asked says to a request; appended, never changed."""

    class Kind(models.TextChoices):
        ACCEPTED = "accepted", _("accepted")
        REFUSED = "refused", _("refused")
        ENDED = "ended", _("taken back")

    prefix = "rqa"

    request = models.ForeignKey(DataRequest, on_delete=models.PROTECT, related_name="answers")
    kind = models.CharField(max_length=8, choices=Kind)
    reason = models.CharField(max_length=200, blank=True)
    said_by = models.CharField(max_length=200)
    said_at = models.DateTimeField()

    class Meta:
        ordering = ["said_at", "id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["author", "request", "kind"], name="assets_request_answer_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.request_id} {self.kind}"


class DataGrant(FencedModel):
    """The author, who collects, lets another company read an asset's data.

    Days of a daily grant are those of `time_zone`. `channel_facts` says of each channel its title,
    kind and unit: who holds the grant need not see the asset. Parties are both companies and the
    one that uses the asset.
    """

    Kind = GrantKind
    Resolution = Resolution

    class Origin(models.TextChoices):
        CONTRACT = "contract", _("a contract")
        USE = "use", _("the right of who uses it")
        REQUEST = "request", _("a request")
        GIVEN = "given", _("a free decision")

    prefix = "grt"

    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="grants")
    asset_label = models.CharField(max_length=120, blank=True)
    grantee = models.ForeignKey("tenancy.Company", on_delete=models.PROTECT, related_name="+")
    origin = models.CharField(max_length=8, choices=Origin, default=Origin.CONTRACT)
    contract_id = models.UUIDField(null=True)
    # For the components of a contract that the asset carries, while it carries them.
    of_host = models.BooleanField(default=False, db_default=False)
    request = models.ForeignKey(
        DataRequest, on_delete=models.PROTECT, related_name="grants", null=True
    )
    kind = models.CharField(max_length=6, choices=GrantKind, default=GrantKind.VALUES)
    channels = ArrayField(models.CharField(max_length=40), blank=True, default=list)
    channel_facts = models.JSONField(default=dict, blank=True)
    resolution = models.CharField(max_length=6, choices=Resolution, blank=True)
    time_zone = models.CharField(max_length=64, default="UTC")
    purpose = models.CharField(max_length=200)
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField(null=True)
    revocable = models.BooleanField(default=False)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-valid_from", "-id"]
        constraints: ClassVar[list[Any]] = [
            # One for each time that channels are covered alike.
            models.UniqueConstraint(
                fields=[
                    "author", "contract_id", "asset", "grantee", "kind", "resolution", "of_host",
                    "valid_from", "channels",
                ],
                name="assets_grant_once",
            ),
            models.UniqueConstraint(
                fields=["author", "request"], name="assets_grant_of_request",
                condition=Q(request__isnull=False),
            ),
            # Of those that no contract and no request bear there is one at a time.
            ExclusionConstraint(
                name="assets_grant_one_at_a_time",
                expressions=[
                    ("author", RangeOperators.EQUAL), ("asset", RangeOperators.EQUAL),
                    ("grantee", RangeOperators.EQUAL), ("origin", RangeOperators.EQUAL),
                    ("kind", RangeOperators.EQUAL), ("resolution", RangeOperators.EQUAL),
                    (models.Func("valid_from", "valid_until", function="tstzrange",
                                 output_field=DateTimeRangeField()), RangeOperators.OVERLAPS),
                ],
                condition=Q(origin__in=["use", "given"], revoked_at=None),
            ),
            _what("grant"),
            # Equal where it was taken back before it began.
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gte=F("valid_from")),
                name="assets_grant_span",
            ),
            models.CheckConstraint(condition=~Q(grantee=F("author")), name="assets_grant_of_two"),
            models.CheckConstraint(
                condition=Q(origin="contract", contract_id__isnull=False, request=None)
                | Q(origin="request", contract_id=None, request__isnull=False)
                | Q(origin__in=["use", "given"], contract_id=None, request=None),
                name="assets_grant_born_of",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.asset_label} → {self.grantee_id}"

    @property
    def asset_public_id(self) -> str:
        """Copyable id, also where the asset itself is not seen."""
        return encode(Asset.prefix, self.asset_id)

    @property
    def purpose_shown(self) -> str:
        """In the reader's language what the portal wrote, and as they wrote it what people wrote."""
        own = OWN_PURPOSES.get(self.purpose) if self.origin in OWN_ORIGINS else None
        return str(own or self.purpose)

    def state_at(self, now: datetime) -> str:
        """`revoked`, `ended`, `waiting` or `active`, as its dates say."""
        if self.revoked_at is not None:
            return "revoked"
        if self.valid_until is not None and self.valid_until <= now:
            return "ended"
        return "waiting" if self.valid_from > now else "active"


class GrantRead(FencedModel):
    """One act under a grant, seen by all its parties: who had what, for which time, how many rows.

    A read or export is written by who reads, a delivery by who collects. A read for an invoice's
    evidence may come after the grant's end: of the time that was covered, until it is stored.
    """

    class Act(models.TextChoices):
        READ = "read", _("read")
        EXPORTED = "exported", _("exported")
        DELIVERED = "delivered", _("delivered")
        EVIDENCE = "evidence", _("read for an invoice's evidence")

    prefix = "grd"

    grant = models.ForeignKey(DataGrant, on_delete=models.PROTECT, related_name="reads")
    act = models.CharField(max_length=9, choices=Act, default=Act.READ)
    reader = models.CharField(max_length=200)
    channels = ArrayField(models.CharField(max_length=40))
    resolution = models.CharField(max_length=6, choices=Resolution, blank=True)
    period_start = models.DateTimeField()
    period_end = models.DateTimeField()
    row_count = models.IntegerField()
    read_at = models.DateTimeField()

    class Meta:
        ordering = ["-read_at", "-id"]

    def __str__(self) -> str:
        return f"{self.grant_id} {self.read_at:%Y-%m-%d}"


class GrantedSeries(FencedModel):
    """One hour or day of a channel, delivered under an hourly or daily grant while it lives.

    Written by who collects. `usage` of what is counted, in the channel's unit; of a level the last,
    lowest and highest value.
    """

    prefix = "gsr"

    grant = models.ForeignKey(DataGrant, on_delete=models.PROTECT, related_name="series")
    channel = models.CharField(max_length=40)
    start = models.DateTimeField()
    reading_count = models.IntegerField()
    usage = QuantityField()
    last_value = QuantityField()
    minimum = QuantityField()
    maximum = QuantityField()
    delivered_at = models.DateTimeField()

    class Meta:
        ordering = ["grant", "channel", "start"]
        verbose_name_plural = "granted series"
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["author", "grant", "channel", "start"], name="assets_series_once"
            ),
            models.CheckConstraint(condition=Q(reading_count__gte=0), name="assets_series_count"),
        ]

    def __str__(self) -> str:
        return f"{self.grant_id} {self.channel} {self.start:%Y-%m-%d %H}"
