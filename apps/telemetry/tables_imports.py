"""Tables of imports and their profiles."""

from django.utils.translation import gettext_lazy as _

from apps.common import tables
from apps.telemetry.models import ImportProfile, ImportRun


class ImportTable(tables.Table):
    """Imports, latest first."""

    file_name = tables.LinkColumn("import_detail", verbose_name=_("File"))
    profile = tables.LinkColumn(
        "profile_edit", id_of="profile__public_id", verbose_name=_("Profile")
    )
    state = tables.PillColumn(verbose_name=_("State"))
    accepted = tables.NumberColumn(verbose_name=_("Accepted"))
    duplicates = tables.NumberColumn(verbose_name=_("Duplicates"))
    conflicts = tables.NumberColumn(verbose_name=_("Conflicts"))
    refused = tables.NumberColumn(verbose_name=_("Refused"))
    uploaded_at = tables.InstantColumn(verbose_name=_("Uploaded"))
    uploaded_by = tables.Column(verbose_name=_("By"))

    class Meta(tables.Table.Meta):
        model = ImportRun
        fields = ()
        sequence = (
            "file_name",
            "profile",
            "state",
            "accepted",
            "duplicates",
            "conflicts",
            "refused",
            "uploaded_at",
            "uploaded_by",
        )


class ProfileTable(tables.Table):
    """Profiles by name."""

    name = tables.LinkColumn("profile_edit", verbose_name=_("Name"))
    run_count = tables.NumberColumn(verbose_name=_("Imports"))
    changed_at = tables.InstantColumn(verbose_name=_("Changed"))

    class Meta(tables.Table.Meta):
        model = ImportProfile
        fields = ()
        sequence = ("name", "run_count", "changed_at")
