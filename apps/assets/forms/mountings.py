"""Forms of mounting, dismounting, lives and corrections."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.assets.domain.mounting import Layout, LifeFacts, MountFacts
from apps.assets.domain.positions import COUPLING
from apps.assets.models import Asset, ComponentLife, Mounting
from apps.assets.queries import hosts_for_own, own_components
from apps.common.forms import ExactField, MomentField

OFFERED = 500


class SerialField(forms.CharField):
    """An asset by its serial number, with suggestions from a list of the page."""

    def __init__(self, *, suggestions: str, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"list": suggestions, "autocomplete": "off"})
        super().__init__(max_length=80, widget=widget, **kwargs)


def _one(assets: Any, serial: str) -> Asset:
    """The asset of this serial. Raises ValidationError for none and for several."""
    found = list(assets.filter(serial=serial)[:2])
    if len(found) == 1:
        asset: Asset = found[0]
        return asset
    if found:
        raise forms.ValidationError(_("Several assets carry this serial number."))
    raise forms.ValidationError(_("There is no such asset here."))


class MountForm(forms.Form):
    """A component onto a position of the page's host; what sits there gives way."""

    component = SerialField(label=_("Serial number of the component"), suggestions="components")
    position = forms.ChoiceField(label=_("Position"))
    at = MomentField(label=_("When"))
    channel = forms.ChoiceField(label=_("Counter of this host"), required=False)
    value = ExactField(
        label=_("What it showed"), required=False,
        help_text=_("Stored as a reading. Left out, it is worked out from the readings around it."),
    )  # fmt: skip
    from_value = ExactField(
        label=_("Counter of the host it leaves"), required=False,
        help_text=_("Only where the component is mounted elsewhere until then."),
    )  # fmt: skip

    def __init__(self, *args: Any, host: Asset, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.host, layout = host, Layout.from_dict(host.layout)
        positions = [(rule.code, f"{rule.code} · {rule.title}") for rule in layout.positions]
        self.fields["position"].choices = [*positions, (COUPLING, _("coupled behind it"))]  # type: ignore[attr-defined]
        _offer_counters(self, layout)

    def clean_component(self) -> Asset:
        return _one(own_components(), self.cleaned_data["component"])

    def facts(self) -> MountFacts:
        """What the valid form says."""
        data = self.cleaned_data
        return MountFacts(
            data["component"].pk, self.host.pk, data["position"], data["at"], data["value"],
            data["channel"],
        )  # fmt: skip

    def components(self) -> list[Asset]:
        """Suggestions: the first by name."""
        return list(own_components().order_by("name", "serial")[:OFFERED])


def _offer_counters(form: forms.Form, layout: Layout) -> None:
    """A choice only where there is one."""
    if len(layout.readable) > 1:
        form.fields["channel"].choices = [(row.code, row.title) for row in layout.readable]  # type: ignore[attr-defined]
        return
    form.fields["channel"].widget = forms.HiddenInput()
    form.fields["channel"].choices = [("", ""), *((row.code, "") for row in layout.readable)]  # type: ignore[attr-defined]
    if layout.readable:
        form.fields["value"].label = layout.readable[0].title
    else:
        form.fields["value"].widget = forms.HiddenInput()


class PlaceForm(forms.Form):
    """The page's component onto a host, or the page's host behind another."""

    host = SerialField(label=_("Serial number of the host"), suggestions="hosts")
    position = forms.CharField(
        label=_("Position"),
        max_length=20,
        help_text=_("Its code, such as FL; “coupling” behind it."),
    )
    at = MomentField(label=_("When"))
    value = ExactField(
        label=_("What the host's counter showed"), required=False,
        help_text=_("Stored as a reading. Left out, it is worked out from the readings around it."),
    )  # fmt: skip

    def __init__(self, *args: Any, component: Asset, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.component = component

    def clean_host(self) -> Asset:
        return _one(hosts_for_own(), self.cleaned_data["host"])

    def facts(self) -> MountFacts:
        """What the valid form says."""
        data = self.cleaned_data
        return MountFacts(
            self.component.pk, data["host"].pk, data["position"], data["at"], data["value"]
        )

    def hosts(self) -> list[Asset]:
        """Suggestions: the first by name."""
        return list(hosts_for_own().exclude(pk=self.component.pk).order_by("name")[:OFFERED])


class DismountForm(forms.Form):
    """The end of a mounting."""

    at = MomentField(label=_("When"))
    value = ExactField(
        label=_("What the host's counter showed"), required=False,
        help_text=_("Stored as a reading. Left out, it is worked out from the readings around it."),
    )  # fmt: skip


class CorrectionForm(forms.Form):
    """A mounting as it was; the mistaken one is kept and marked. Empty: it never was."""

    never = forms.BooleanField(label=_("It never was mounted there"), required=False)
    position = forms.ChoiceField(label=_("Position"), required=False)
    at = MomentField(label=_("Mounted"), required=False)
    value = ExactField(label=_("Counter when mounted"), required=False)
    dismounted_at = MomentField(label=_("Dismounted"), required=False)
    dismounted_value = ExactField(label=_("Counter when dismounted"), required=False)
    reason = forms.CharField(label=_("Reason"), max_length=200)

    def __init__(self, *args: Any, mounting: Mounting, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {
            "position": mounting.position, "at": mounting.mounted_at,
            "value": mounting.mounted_value, "dismounted_at": mounting.dismounted_at,
            "dismounted_value": mounting.dismounted_value,
        })  # fmt: skip
        super().__init__(*args, **kwargs)
        self.mounting = mounting
        rules = Layout.from_dict(mounting.host.layout).positions
        codes = dict.fromkeys([*(rule.code for rule in rules), mounting.position])
        self.fields["position"].choices = [(code, code) for code in codes]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if not found.get("never") and not self.errors:
            for name in ("position", "at"):
                if not found.get(name):
                    self.add_error(name, _("This is needed, unless it never was mounted there."))
        return found

    def facts(self) -> MountFacts:
        """What the valid form says."""
        data, row = self.cleaned_data, self.mounting
        return MountFacts(
            row.component_id, row.host_id, data["position"], data["at"], data["value"],
            row.channel_code,
        )  # fmt: skip


class LifeForm(forms.Form):
    """A new life of a component."""

    kind = forms.ChoiceField(label=_("What it is"), choices=ComponentLife.Kind.choices)
    began_at = MomentField(label=_("Since"))
    tread = ExactField(label=_("Tread depth (mm)"), required=False)
    note = forms.CharField(label=_("Note"), max_length=200, required=False)

    def facts(self, component: Asset) -> LifeFacts:
        """What the valid form says."""
        return LifeFacts(component.pk, **self.cleaned_data)
