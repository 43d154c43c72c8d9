"""What a contract says of a covered channel beside its meter and unit."""

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.contracts.models import ContractItem
from apps.contracts.wording.counting import counting_words
from apps.contracts.wording.groups import group_words
from apps.contracts.wording.measures import measure_words
from apps.contracts.wording.sources import terms_words


def item_words(item: ContractItem) -> list[str]:
    """What is billed of a gauge or state, under which rules anything else counts, as whose member,
    and by which sources."""
    measure, rules, group = item.level_measure, item.count_rules, item.group
    words = [] if measure is None else [measure_words(measure, item.unit)]
    words += [] if rules is None else counting_words(rules, item.unit)
    words += [] if group is None else [group_words(group, item.unit)]
    return [*words, *terms_words(item.agreed_meter), *_days(item)]


def _days(item: ContractItem) -> list[str]:
    """Where it is not covered as long as the contract runs."""
    words = []
    if item.starts_on is not None:
        words.append(_("covered from %s") % date_format(item.starts_on, "DATE_FORMAT"))
    until = item.covered_until
    if until is not None:
        words.append(_("covered until before %s") % date_format(until, "DATE_FORMAT"))
    return words
