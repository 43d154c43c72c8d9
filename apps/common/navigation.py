"""The portal's left menu: what there is, for whom, and which entry a page belongs to."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache

from django.urls import NoReverseMatch, get_urlconf, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.common.sides import ALL, COLLECTS, PROVIDES, RUNS, SHARES, USES

# Whose page an entry is: of those whose business has one of these sides.
SELLS = frozenset({PROVIDES})
BUYS_OR_SELLS = frozenset({PROVIDES, USES})
DIVIDES = frozenset({PROVIDES, SHARES, RUNS})
OWNS_OR_BUYS = BUYS_OR_SELLS | {SHARES, COLLECTS}
READS = frozenset({PROVIDES, COLLECTS})
READS_OWN = frozenset({USES})


@dataclass(frozen=True, slots=True)
class Entry:
    """One page of the menu. `words` are what else a person may type to find it; `sides`: whose menu it
    is on."""

    url_name: str
    title: str | Promise
    icon: str
    capability: str
    words: str | Promise = ""
    sides: frozenset[str] = ALL


@dataclass(frozen=True, slots=True)
class Section:
    title: str | Promise
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Link:
    """An entry as one person sees it on one page."""

    entry: Entry
    url: str
    current: bool


MENU = (
    Section(
        "",
        (
            Entry("home", _("Home"), "layout-dashboard", "view_home", _("overview start")),
            # Where the demo runs.
            Entry("demo_story", _("The story"), "footprints", "view_home", _("demo guide tour")),
        ),
    ),
    Section(
        _("Equipment"),
        (
            Entry("asset_list", _("Assets"), "cpu", "view_assets", _("machines equipment")),
            Entry(
                "asset_type_list", _("Asset types"), "shapes", "view_assets",
                _("channels meters"), READS,
            ),
            Entry(
                "asset_transfer_list", _("Transfers of assets"), "arrow-right-left",
                "view_contracts", _("sale sell buy owner title"), OWNS_OR_BUYS,
            ),
        ),
    ),
    Section(
        _("Data"),
        (
            Entry(
                "import_list", _("File imports"), "file-up", "view_readings",
                _("readings CSV"), READS,
            ),
            Entry(
                "quarantine", _("Refused & disbelieved"), "shield-alert", "view_readings",
                _("quarantine readings"), READS,
            ),
            Entry(
                "declared_readings", _("Readings to declare"), "gauge", "view_contracts",
                _("counter meter value"), BUYS_OR_SELLS,
            ),
            Entry(
                "use_list", _("Data of your equipment"), "database", "view_readings",
                _("export data act usage share"), READS_OWN,
            ),
            Entry(
                "grant_list", _("Data grants"), "share-2", "view_readings",
                _("sharing access requests"),
            ),
            Entry(
                "retention", _("Retention"), "archive", "view_readings",
                _("keep delete readings"), READS,
            ),
        ),
    ),
    Section(
        _("Contracts"),
        (
            Entry(
                "contract_list", _("Contracts"), "handshake", "view_contracts",
                _("prices offers"), BUYS_OR_SELLS,
            ),
            Entry(
                "terms_list", _("Partner terms"), "git-fork", "view_contracts",
                _("split share revenue"), DIVIDES,
            ),
            Entry(
                "index_list", _("Price indices"), "trending-up", "view_contracts",
                _("series inflation"), SELLS,
            ),
        ),
    ),
    Section(
        _("Billing"),
        (
            Entry("run_list", _("Billing runs"), "play", "run_billing", _("month"), SELLS),
            Entry("money_home", _("Money"), "wallet", "view_money", _("owed payable payouts")),
            Entry(
                "invoice_list", _("Invoices"), "receipt-text", "view_invoices",
                _("bills"), BUYS_OR_SELLS,
            ),
            Entry(
                "receivable_list", _("Open items"), "wallet", "view_invoices",
                _("payments overdue reminders"), BUYS_OR_SELLS,
            ),
            Entry(
                "incoming_list", _("Received e-invoices"), "inbox", "view_invoices",
                _("upload xrechnung incoming check"),
            ),
            Entry(
                "correction_list", _("Corrections"), "file-diff", "view_invoices",
                _("credit notes late readings"), BUYS_OR_SELLS,
            ),
            Entry(
                "settlement_run", _("Settlement"), "list-checks", "issue_invoices",
                _("settle month statements"), SELLS,
            ),
            Entry("share_list", _("Shares"), "chart-pie", "view_money", _("statement split"), DIVIDES),
            Entry(
                "statement_list", _("Statements"), "file-text", "view_money",
                _("self-billed invoices of partners"), DIVIDES,
            ),
            Entry(
                "agreement_list", _("Self-billing agreements"), "file-pen", "view_money",
                _("invoices of partners tax status"), DIVIDES,
            ),
            Entry(
                "deposit_list", _("Deposits"), "shield", "view_money",
                _("security of customers"), BUYS_OR_SELLS,
            ),
            Entry(
                "settled_list", _("Contract margin"), "scale", "view_money",
                _("revenue profit"), SELLS,
            ),
            Entry(
                "transfer_list", _("Ledger"), "book-open", "view_money",
                _("postings accounts"), SELLS,
            ),
        ),
    ),
    Section(
        _("Money"),
        (
            Entry(
                "payment_list", _("Payments"), "banknote", "view_payments",
                _("paid received"), BUYS_OR_SELLS,
            ),
            Entry(
                "bank_entry_list", _("Bank entries"), "landmark", "match_payments",
                _("statement camt match"), SELLS,
            ),
            Entry(
                "debit_list", _("Direct debits"), "arrow-down-to-line", "draft_payouts",
                _("collect SEPA pain.008 mandate"), SELLS,
            ),
            Entry(
                "payout_list", _("Payouts"), "send", "draft_payouts",
                _("transfers pain approve"), SELLS,
            ),
            Entry(
                "payment_settings", _("Bank & Stripe"), "wallet", "view_payments",
                _("IBAN mandate direct debit account"),
            ),
        ),
    ),
    Section(
        _("Company"),
        (
            Entry(
                "company_detail", _("Company details"), "building", "view_people",
                _("address VAT id tax number Leitweg-ID e-invoice"),
            ),
            Entry("plan", _("Plan"), "package", "view_people", _("subscription fee limits upgrade")),
            Entry("people", _("People"), "users", "view_people", _("colleagues invite")),
            Entry("partners", _("Partners"), "building-2", "view_people", _("companies")),
            Entry("own_profile", _("Our profile"), "id-card", "manage_partners", _("about company")),
            Entry(
                "network_list", _("Networks"), "network", "view_networks",
                _("value network roles members"),
            ),
            Entry("key_list", _("API keys"), "key-round", "manage_keys", _("devices intake"), READS),
            Entry("webhook_list", _("Webhooks"), "webhook", "manage_keys", _("events callback push")),
            Entry("job_list", _("Jobs"), "list-checks", "view_home", _("progress background"), READS),
            Entry(
                "notification_list", _("Notifications"), "bell", "view_home",
                _("news unread mail hear of"),
            ),
            # The way to whatever this company's menu leaves out.
            Entry("all_pages", _("All pages"), "layout-grid", "view_home", _("everything sections menu")),
        ),
    ),
)  # fmt: skip

# What a company may begin, whatever it is so far: on the page of all pages and in the search.
BEGINNINGS = Section(
    _("Begin something"),
    (
        Entry("blueprint_list", _("Start a network"), "network", "manage_networks", _("blueprint")),
        Entry("contract_new", _("Draft a contract"), "handshake", "draft_contracts", _("new offer")),
        Entry("order_new", _("Bill a single job"), "wrench", "sign_contracts", _("one-off order")),
        Entry("asset_type_new", _("Describe a type of asset"), "shapes", "manage_assets", _("new channels")),
        Entry("asset_new", _("Register an asset"), "cpu", "manage_assets", _("new machine")),
        Entry("import_new", _("Import a file of readings"), "file-up", "import_readings", _("new CSV")),
        Entry("partner_new", _("Add a partner"), "building-2", "manage_partners", _("new company")),
        Entry("invitation_new", _("Invite a colleague"), "user-plus", "manage_people", _("new person")),
    ),
)  # fmt: skip


def links(
    capabilities: Collection[str], path: str, sides: Collection[str] = ALL
) -> Iterator[tuple[str | Promise, list[Link]]]:
    """Sections with the links a person may follow; pages that are not installed are left out."""
    return links_at(capabilities, current(capabilities, path), sides)


def everything(capabilities: Collection[str]) -> list[tuple[str | Promise, list[Link]]]:
    """All that a person may open, whatever the company is, and what they may begin."""
    begun = [Link(entry, address(entry.url_name), False) for entry in BEGINNINGS.entries
             if entry.capability in capabilities]  # fmt: skip
    found = [(BEGINNINGS.title, [link for link in begun if link.url])]
    return [*links(capabilities, ""), *(part for part in found if part[1])]


def links_at(
    capabilities: Collection[str], current_url: str, sides: Collection[str] = ALL
) -> Iterator[tuple[str | Promise, list[Link]]]:
    """The same of the menu address the page belongs to. That page is always among them."""
    for section in MENU:
        known = [
            (entry, address(entry.url_name))
            for entry in section.entries if entry.capability in capabilities
        ]  # fmt: skip
        shown = [
            Link(entry, url, url == current_url) for entry, url in known
            if url and (url == current_url or not entry.sides.isdisjoint(sides))
        ]  # fmt: skip
        if shown:
            yield section.title, shown


def current(capabilities: Collection[str], path: str) -> str:
    """The menu address the page at this path belongs to; empty for none."""
    urls = [
        address(entry.url_name) for section in MENU for entry in section.entries
        if entry.capability in capabilities
    ]  # fmt: skip
    return _longest_prefix(path, urls)


def address(url_name: str) -> str:
    """The address of a page without arguments; empty where this site has no such page."""
    return _address(url_name, get_urlconf())


@lru_cache(maxsize=512)
def _address(url_name: str, urlconf: str | None) -> str:
    try:
        return reverse(url_name, urlconf)
    except NoReverseMatch:
        return ""


def _longest_prefix(path: str, urls: list[str]) -> str:
    """The menu address the page lies under; the home page only when it is the page itself."""
    matching = [
        url for url in urls if url and (path == url or (url != "/" and path.startswith(url)))
    ]
    return max(matching, key=len, default="")
