"""Forms of asset types, channels, assets and the CSV file of assets."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from apps.assets.domain.derived import LONGEST_TEXT
from apps.assets.domain.facts import ROLES, AssetFacts, ChannelFacts
from apps.assets.domain.positions import BadPosition, PositionRule, parse_positions
from apps.assets.models import CODE, Asset, AssetType, ChannelKind, ChannelMark, TypeChannel
from apps.common.forms import DateInput
from apps.common.units import UNITS
from apps.tenancy.context import current_company
from apps.tenancy.models import Company
from apps.tenancy.queries import known_companies, known_company_ids

_QUANTITY: dict[str, Any] = {"max_digits": 30, "decimal_places": 12, "required": False}


def unit_choices() -> list[tuple[str, str]]:
    """Every unit as (UCUM code, name and symbol in the reader's language), by name."""
    language = get_language() or "en"
    named = [(unit.code, unit.name(language), unit.symbol(language)) for unit in UNITS.values()]
    shown = [
        (code, f"{name} ({symbol})" if symbol and symbol != name else name)
        for code, name, symbol in named
    ]
    return sorted(shown, key=lambda choice: choice[1].lower())


class AssetTypeForm(forms.Form):
    """Name, maker's name and description of a type."""

    name = forms.CharField(label=_("Name"), max_length=120)
    manufacturer = forms.CharField(label=_("Manufacturer"), max_length=120, required=False)
    description = forms.CharField(
        label=_("Description"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    is_component = forms.BooleanField(
        label=_("Is mounted on others"),
        required=False,
        help_text=_("A tire, a spindle, a trailer: its use is that of what it is mounted on."),
    )
    positions = forms.CharField(
        label=_("Positions"),
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 4, "class": "font-monospace"}),
        help_text=_(
            "Where components are mounted, one a line: code; title. Then, as needed, a factor "
            "(SP; Spare; 0) or a state in which alone it counts (L1; Lift axle; while axle_down = 1)."
        ),
    )

    def rules(self, states: Iterable[str]) -> list[PositionRule]:
        """The positions of a valid form. Raises ValidationError on `positions`."""
        try:
            return parse_positions(self.cleaned_data["positions"], states)
        except BadPosition as bad:
            raise forms.ValidationError({"positions": position_reason(bad)}) from None


def position_reason(bad: BadPosition) -> str:
    """Why a line of a layout cannot be read."""
    texts = {
        "too_many": gettext("more than %(most)s positions"),
        "twice": gettext("the code %(code)s stands twice"),
        "bad_code": gettext("“%(code)s” is no code such as FL or A2-left"),
        "bad_title": gettext("the title is longer than %(longest)s characters"),
        "no_state": gettext("“%(channel)s” is no state channel of this type"),
        "bad_number": gettext("“%(value)s” is no number"),
        "bad_factor": gettext("a factor lies between 0 and %(most)s, with %(digits)s decimals"),
    }
    why = texts[bad.reason] % bad.params
    return gettext("Line %(line)s: %(why)s.") % {"line": bad.line, "why": why}


class ChannelForm(forms.Form):
    """One channel of a type."""

    code = forms.CharField(
        label=_("Code"),
        max_length=40,
        validators=[CODE],
        help_text=_("Senders use this name, such as energy or operating_hours."),
    )
    title = forms.CharField(label=_("Title"), max_length=120)
    kind = forms.ChoiceField(
        label=_("Kind"), choices=ChannelKind.choices, initial=ChannelKind.COUNTER.value
    )
    unit = forms.ChoiceField(label=_("Unit"), initial="kW.h")
    usage_unit = forms.ChoiceField(
        label=_("Billed in"),
        required=False,
        help_text=_("Where a factor of the meter turns what is counted into something else."),
    )
    register_size = forms.DecimalField(
        label=_("Register size"),
        min_value=0,
        **_QUANTITY,
        help_text=_("First value the counter cannot show: 100000 for five digits."),
    )
    restarts_from_zero = forms.BooleanField(label=_("May restart from zero"), required=False)
    max_rate_per_hour = forms.DecimalField(
        label=_("Highest rate per hour"),
        min_value=0,
        **_QUANTITY,
        help_text=_("A faster rise is not believed."),
    )
    expected_interval_seconds = forms.IntegerField(
        label=_("Expected interval (seconds)"),
        min_value=1,
        max_value=31_622_400,
        required=False,
        help_text=_("A longer silence is a gap."),
    )
    mark = forms.ChoiceField(
        label=_("Marked as"),
        required=False,
        choices=[("", _("nothing in particular")), *ChannelMark.choices],
        help_text=_("Marked channels are in no data grant unless somebody names them."),
    )
    formula = forms.CharField(
        label=_("Derived from"),
        max_length=LONGEST_TEXT,
        required=False,
        help_text=_(
            "Empty where it is sent. Else a formula such as current * voltage / 1000, or "
            "time_above(current, 1), time_below, time_in, edges, entries, integral(power), "
            "distance(latitude, longitude)."
        ),
    )
    formula_step = forms.DecimalField(
        label=_("Rounded to"),
        **_QUANTITY,
        help_text=_("Derived: results are multiples of it; 0.0001 where nothing is given."),
    )
    formula_hold_seconds = forms.IntegerField(
        label=_("A value holds for (seconds)"),
        required=False,
        help_text=_("Derived: until the next value, at most so long; 900 where nothing is given."),
    )
    formula_since = forms.DateField(
        label=_("Changed formula holds from"),
        required=False,
        widget=DateInput,
        help_text=_("Derived: a coming day (UTC); tomorrow where nothing is given."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].choices = unit_choices()  # type: ignore[attr-defined]
        other = [("", _("the unit it counts in")), *unit_choices()]
        self.fields["usage_unit"].choices = other  # type: ignore[attr-defined]

    def clean_register_size(self) -> Any:
        return self._positive("register_size")

    def clean_max_rate_per_hour(self) -> Any:
        return self._positive("max_rate_per_hour")

    def _positive(self, name: str) -> Any:
        value = self.cleaned_data[name]
        if value is not None and value <= 0:
            raise forms.ValidationError(_("Give a number above zero, or nothing."))
        return value

    def facts(self) -> ChannelFacts:
        """What the valid form says."""
        names = ChannelFacts.__dataclass_fields__
        return ChannelFacts(**{name: self.cleaned_data[name] for name in names})


class BaseChannelFormSet(forms.BaseFormSet):
    """The channels of one type. A row that was never touched is none."""

    def add_fields(self, form: forms.Form, index: int | None) -> None:
        super().add_fields(form, index)
        form.fields["DELETE"].label = _("Remove")

    def clean(self) -> None:
        if any(self.errors):
            return
        codes = [facts.code for facts in self.facts()]
        for code in codes:
            if codes.count(code) > 1:
                raise forms.ValidationError(
                    _("The channel “%(code)s” is named twice."), params={"code": code}
                )

    def facts(self) -> list[ChannelFacts]:
        """Facts of every row that is filled and not marked for removal."""
        rows = [form for form in self.forms if form.has_changed() or form.initial]
        return [form.facts() for form in rows if not form.cleaned_data.get("DELETE")]


ChannelFormSet = forms.formset_factory(
    ChannelForm,
    formset=BaseChannelFormSet,
    extra=0,
    can_delete=True,
    max_num=100,
    absolute_max=200,
    validate_max=True,
)


def channel_initial(asset_type: AssetType) -> list[dict[str, Any]]:
    """Initial data of the formset for an existing type."""
    names = ChannelFacts.__dataclass_fields__
    return [
        {name: _plain(getattr(channel, name)) for name in names}
        for channel in TypeChannel.objects.filter(asset_type=asset_type).order_by("code")
    ]


def _plain(value: Any) -> Any:
    """A decimal without the zeros its column pads it with."""
    from decimal import Decimal

    return format(value.normalize(), "f") if isinstance(value, Decimal) else value


class CompanyField(forms.ModelChoiceField):
    """One of the companies this one knows."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(Company.objects.none(), required=False, empty_label="–", **kwargs)


class AssetForm(forms.Form):
    """An asset and its passport. The type of an existing asset stays."""

    asset_type = forms.ModelChoiceField(
        AssetType.all_parties.none(), label=_("Asset type"), empty_label=None
    )
    name = forms.CharField(label=_("Name"), max_length=120)
    serial = forms.CharField(
        label=_("Serial number"),
        max_length=80,
        help_text=_("Senders may name the asset by it; one serial is used once per type."),
    )
    site = forms.CharField(label=_("Site"), max_length=120, required=False)
    manufacturer = CompanyField(label=_("Manufacturer"))
    owner = CompanyField(label=_("Owner"))
    provider = CompanyField(label=_("Service provider"))
    customer = CompanyField(label=_("Customer"))
    in_service_on = forms.DateField(label=_("In service since"), required=False, widget=DateInput)
    manufactured_on = forms.DateField(
        label=_("Manufactured on"), required=False, widget=DateInput,
        help_text=_("It stands on the nameplate."),
    )  # fmt: skip

    def __init__(self, *args: Any, asset: Asset | None = None, **kwargs: Any) -> None:
        if asset is not None:
            kwargs.setdefault("initial", _asset_initial(asset))
        super().__init__(*args, **kwargs)
        types = AssetType.objects.written_by(current_company())
        self.fields["asset_type"].queryset = types  # type: ignore[attr-defined]
        self.fields["asset_type"].disabled = asset is not None
        companies = known_companies()
        if asset is not None:
            # Who bought it may be a company that its author does not know.
            named = {getattr(asset, f"{role}_id") for role in ROLES} - {None}
            companies = Company.objects.filter(pk__in=known_company_ids() | named)
        for role in ("manufacturer", "owner", "provider", "customer"):
            self.fields[role].queryset = companies  # type: ignore[attr-defined]

    def facts(self) -> AssetFacts:
        """What the valid form says."""
        data = self.cleaned_data
        holders = {
            role: data[role].pk if data[role] else None
            for role in ("manufacturer", "owner", "provider", "customer")
        }
        return AssetFacts(
            asset_type=data["asset_type"].pk,
            name=data["name"],
            serial=data["serial"],
            site=data["site"],
            in_service_on=data["in_service_on"],
            manufactured_on=data["manufactured_on"],
            **holders,
        )


def _asset_initial(asset: Asset) -> dict[str, Any]:
    names = ("name", "serial", "site", "in_service_on", "manufactured_on")
    roles = ("manufacturer", "owner", "provider", "customer")
    return {
        "asset_type": asset.asset_type_id,
        **{name: getattr(asset, name) for name in names},
        **{role: getattr(asset, f"{role}_id") for role in roles},
    }


class AssetFileForm(forms.Form):
    """The CSV file of assets to look at."""

    file = forms.FileField(
        label=_("CSV file"), widget=forms.ClearableFileInput(attrs={"accept": ".csv,text/csv"})
    )
