"""People and where they belong."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from apps.accounts.models import Membership, PersonAct, User
from apps.accounts.operations import is_erased
from apps.accounts.queries import changes_of, companies_naming, directed_alone
from apps.console.admin.site import ReadOnly, column, site
from apps.console.operations import erase_person, export_person

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
    who, mail = column("shown_name", _("Name"), order="name"), column("email", _("E-mail"))
    tongue, zone = column("language", _("Language")), column("time_zone", _("Time zone"))
    active, staff = column("is_active", _("Active")), column("is_staff", _("Platform"))
    since, seen = column("joined_at", _("Since")), column("last_login", _("Last signed in"))
    ordering = ("name",)
    change_form_template = "console/person.html"
    pages = (("personal-data", "personal_data"),)
    acts = (("export", "export"), ("erasure", "erase"))
    asking = frozenset({"personal-data", "export", "erasure"})
    refused_to = "personal-data"

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

    def personal_data(self, request: HttpRequest, person: User) -> HttpResponse:
        """What erasing the person takes away, what stays and why; and what is stored, as a file."""
        context = {
            **self.admin_site.each_context(request),
            "title": person.shown_name, "opts": self.opts, "original": person, "person": person,
            "is_erased": is_erased(person), "is_oneself": person.pk == request.user.pk,
            "concerned": companies_naming(person), "alone": directed_alone(person),
        }  # fmt: skip
        return TemplateResponse(request, "console/personal_data.html", context)

    def export(self, request: HttpRequest, person: User) -> HttpResponse:
        now = timezone.now()
        text = export_person(
            person=person, by=request.user, now=now, reason=request.POST.get("reason", "")
        )
        name = f"person-{person.pk}-{now:%Y-%m-%d}.json"
        return HttpResponse(
            text, content_type="application/json",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )  # fmt: skip

    def erase(self, request: HttpRequest, person: User) -> str:
        if request.POST.get("address", "").strip().lower() != person.email:
            raise ValidationError(
                gettext("This is not the person's address: nothing is erased. Type it once more.")
            )
        erase_person(
            person=person, by=request.user, now=timezone.now(),
            reason=request.POST.get("reason", ""),
        )  # fmt: skip
        return gettext("The person is erased. The row has no name and no address any more.")
