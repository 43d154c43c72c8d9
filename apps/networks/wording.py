"""Roles and acts in words."""

from collections.abc import Collection, Iterable

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.networks.models import CompanyProfile, Role
from apps.tenancy.models import Company

ACTS: dict[str, Promise] = {
    "network_founded": _("network founded"),
    "company_invited": _("company invited"),
    "participation_ended": _("participation ended"),
    "invitation_accepted": _("invitation accepted"),
    "invitation_declined": _("invitation declined"),
    "invitation_left": _("left the network"),
}


def roles_in_words(roles: Iterable[str]) -> str:
    """“service provider, owner”, in the order roles are listed."""
    played = set(roles)
    return ", ".join(str(label) for role, label in Role.choices if role in played)


def act_in_words(action: str) -> str:
    """What an audit row of a network says happened."""
    return str(ACTS.get(action, action.replace("_", " ")))


def facts_in_words(company: Company, shown: Collection[str]) -> list[tuple[str, str]]:
    """Label and text of the facts that may be shown and are known."""
    fact = CompanyProfile.Fact
    town = f"{company.postcode} {company.city}".strip()
    texts = {
        fact.ADDRESS: ", ".join(part for part in (company.street, town, company.country) if part),
        fact.CONTACT: company.contact_name, fact.EMAIL: company.email, fact.PHONE: company.phone,
        fact.VAT_ID: company.vat_id, fact.REGISTER: company.register_entry,
    }  # fmt: skip
    return [(str(item.label), text) for item, text in texts.items() if item.value in shown and text]
