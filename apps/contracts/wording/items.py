"""What a contract says of a covered channel beside its meter and unit."""

from apps.contracts.models import ContractItem
from apps.contracts.wording.counting import counting_words
from apps.contracts.wording.measures import measure_words


def item_words(item: ContractItem) -> list[str]:
    """What is billed of a gauge or state, and under which rules anything else counts."""
    measure, rules = item.level_measure, item.count_rules
    words = [] if measure is None else [measure_words(measure, item.unit)]
    return words + ([] if rules is None else counting_words(rules, item.unit))
