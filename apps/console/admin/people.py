"""People and where they belong."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from apps.accounts.models import Membership, PersonAct, User
from apps.accounts.queries import changes_of
from apps.console.admin.site import ReadOnly, column, site

CHANGES_SHOWN = 50


@admin.register(PersonAct, site=site)
class PersonActAdmin(ReadOnly):
    """What people changed about their ways in: passwords, second factors, sign-ins, links."""

    list_display = ("when", "who", "what", "about", "place")
    fields = ("when", "who", "what", "about", "place")
    when, who = column("at", _("Time")), column("person", _("Who"))
    what = column("get_change_display", _("What was changed"), order="change")
    about, place = column("what", _("Which")), column("address", _("From address"))
    list_filter = ("change",)
    list_fullwidth = True
    search_fields = ("person__name", "person__email", "address")
    list_select_related = ("person",)
    ordering = ("-id",)


@admin.register(User, site=site)
class UserAdmin(ReadOnly):
    """People and where they belong; passwords are never shown."""

    list_display = (
        "who", "mail", "tongue", "shown_active", "shown_staff", "companies", "since", "seen",
    )  # fmt: skip
    list_filter = ("is_active", "is_staff", "language")
    search_fields = ("name", "email")
    fields = ("who", "mail", "tongue", "zone", "active", "staff", "since", "seen")
    who, mail = column("name", _("Name")), column("email", _("E-mail"))
    tongue, zone = column("language", _("Language")), column("time_zone", _("Time zone"))
    active, staff = column("is_active", _("Active")), column("is_staff", _("Platform"))
    since, seen = column("joined_at", _("Since")), column("last_login", _("Last signed in"))
    ordering = ("name",)
    change_form_template = "console/person.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        current = Count("memberships", filter=Q(memberships__ended_at=None))
        return User.objects.annotate(company_count=current).order_by("name", "id")

    @display(description=_("Active"), label={"yes": "success", "no": "danger"})
    def shown_active(self, user: User) -> tuple[str, Any]:
        return ("yes", _("active")) if user.is_active else ("no", _("closed"))

    @display(description=_("Platform"), label={"yes": "info"})
    def shown_staff(self, user: User) -> Any:
        return ("yes", _("operator")) if user.is_staff else None

    @display(description=_("Companies"), ordering="company_count")
    def companies(self, user: Any) -> int:
        return int(user.company_count)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:  # fmt: skip
        rows = Membership.all_parties.filter(user_id=object_id if object_id.isdigit() else 0)
        person = self.get_object(request, object_id)
        shown = {
            "memberships": rows.select_related("author").order_by("ended_at", "joined_at"),
            "changes": changes_of(person)[:CHANGES_SHOWN] if person else [],
        }
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **shown})
