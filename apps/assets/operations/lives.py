"""Lives of a component: a declared rise of its tread is a new life, never an anomaly."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps.assets.domain.mounting import LifeFacts
from apps.assets.models import Asset, ComponentLife
from apps.events.operations import record
from apps.tenancy.context import current_company


@transaction.atomic
def begin_life(*, facts: LifeFacts, now: datetime, actor: Any = None) -> ComponentLife:
    """Begin a life of an own component. The same again is the same. Raises ValidationError."""
    company = current_company()
    component = Asset.objects.written_by(company).filter(pk=facts.component).first()
    if component is None:
        raise ValidationError({"component": _("Choose a component that your company registered.")})
    if facts.kind not in ComponentLife.Kind.values:
        raise ValidationError({"kind": _("This kind of life is not known.")})
    if facts.began_at > now:
        raise ValidationError({"began_at": _("This lies in the future.")})
    if facts.tread is not None and facts.tread < 0:
        raise ValidationError({"tread": _("Give a number above zero, or nothing.")})
    life, made = ComponentLife.objects.get_or_create(
        author=company, component=component, began_at=facts.began_at,
        defaults={
            "parties": component.parties, "kind": facts.kind, "tread": facts.tread,
            "note": facts.note.strip()[:200], "declared_by": str(actor or "")[:200],
            "declared_at": now,
        },
    )  # fmt: skip
    if not made and (life.kind, life.tread) != (facts.kind, facts.tread):
        raise ValidationError({"began_at": _("Another life begins at this moment.")})
    if made:
        record(action="life_begun", subject=component.public_id, now=now, actor=actor)
    return life
