"""Networks being set up from a blueprint, and a company's own blueprints."""

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.tenancy.fence import FencedModel


class OwnBlueprint(FencedModel):
    """A blueprint file a company took in; seen by itself alone."""

    prefix = "blu"

    name = models.CharField(max_length=120)
    text = models.TextField()
    text_sha256 = models.CharField(max_length=64)
    taken_in_at = models.DateTimeField()

    class Meta:
        ordering = ["name", "id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["author", "text_sha256"], name="blueprints_own_file_once"
            ),
            models.CheckConstraint(condition=Q(parties__len=1), name="blueprints_own_file_private"),
        ]

    def __str__(self) -> str:
        return self.name


class NetworkSetup(FencedModel):
    """What was answered on the way from a blueprint to a network; seen by its company alone.

    `answers`: {places: {place: {who, company}}, network: {…}, contracts: {number: {…}}}; see
    `domain.answers`. `drafts`: contract keys by the contract's number in the blueprint.
    """

    class State(models.TextChoices):
        OPEN = "open", _("being set up")
        MADE = "made", _("made")
        DISCARDED = "discarded", _("discarded")

    prefix = "nsu"

    blueprint = models.CharField(max_length=60)
    name = models.CharField(max_length=120)
    state = models.CharField(max_length=9, choices=State, default=State.OPEN)
    answers = models.JSONField(default=dict)
    network = models.ForeignKey(
        "networks.ValueNetwork", on_delete=models.PROTECT, related_name="+", null=True
    )
    drafts = models.JSONField(default=dict)
    # Numbers of the contracts that have got their data clause; people may have emptied it since.
    clauses = ArrayField(models.IntegerField(), default=list)
    started_by = models.CharField(max_length=200)
    started_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        ordering = ["-changed_at", "-id"]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["author", "blueprint"], condition=Q(state="open"),
                name="blueprints_one_open_setup",
            ),
            models.CheckConstraint(
                condition=Q(state="made", network__isnull=False)
                | (~Q(state="made") & Q(network=None)),
                name="blueprints_made_has_network",
            ),
            models.CheckConstraint(condition=Q(parties__len=1), name="blueprints_setup_private"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name
