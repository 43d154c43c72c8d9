"""What a position in a company lets a person do."""

VIEW = frozenset(
    {
        "view_home",
        "view_networks",
        "view_assets",
        "view_readings",
        "view_contracts",
        "view_invoices",
        "view_money",
        "view_people",
        "view_payments",
        "switch_company",
    }
)
TECHNICIAN = VIEW | {
    "manage_assets",
    "mount_components",
    "import_readings",
    "export_readings",
    "judge_readings",
    "declare_readings",
    "manage_keys",
}
OPERATIONS = TECHNICIAN | {"draft_contracts", "share_data"}
FINANCE = VIEW | {
    "declare_readings",
    "draft_contracts",
    "run_billing",
    "approve_invoices",
    "issue_invoices",
    "export_evidence",
    "receive_documents",
    "pay",
    "match_payments",
    "draft_payouts",
    "approve_payouts",
    "settle_receivables",
    "dispute_invoices",
    "manage_plan",
}
DIRECTOR = (
    OPERATIONS
    | FINANCE
    | {
        "sign_contracts",
        "manage_people",
        "manage_partners",
        "manage_networks",
        "manage_bank_accounts",
        "set_retention",
        "limit_corrections",
        "leave_platform",
    }
)

CAPABILITIES: dict[str, frozenset[str]] = {
    "viewer": VIEW,
    "technician": TECHNICIAN,
    "operations": OPERATIONS,
    "finance": FINANCE,
    "director": DIRECTOR,
}
# What a person of the platform may change while they look into a company's portal to help: nothing that
# moves money, usage, rights or data to others. Everything else they may at most see (`access`).
HELPING = frozenset({"manage_assets"})
# Capabilities of anybody, signed in or not (sign-in pages), and of a signed-in person of no company.
ANYBODY = frozenset({"anybody"})
ANY_PERSON = ANYBODY | {"any_person"}
ALL = (
    DIRECTOR
    | ANY_PERSON
    | {"send_readings", "read_data", "record_mountings", "declare_usage", "operate_platform"}
)


def capabilities_of(position: str | None) -> frozenset[str]:
    """The capabilities of a position; of None, those of any signed-in person."""
    if position is None:
        return ANY_PERSON
    return CAPABILITIES[position] | ANY_PERSON


def is_less(position: str, before: str) -> bool:
    """Whether a change to this position only takes away; of one that is none, no."""
    new, old = CAPABILITIES.get(position), CAPABILITIES.get(before)
    return new is not None and old is not None and new < old


def operators_capabilities() -> frozenset[str]:
    """The capabilities of a person of the platform inside a company's portal."""
    return VIEW - {"switch_company"} | HELPING | ANY_PERSON


def operator_may_change(capability: str) -> bool:
    """Whether such a person may send a form that needs this capability."""
    return capability in HELPING | ANY_PERSON
