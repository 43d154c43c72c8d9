"""Scenario files loaded, blueprints taken in, and networks made from them: on public operations only."""

from apps.blueprints.operations.files import take_in_blueprint, written_blueprint
from apps.blueprints.operations.loading import Outcome, load_scenario
from apps.blueprints.operations.making import make_network
from apps.blueprints.operations.setting_up import (
    answer_contracts,
    answer_places,
    begin_setup,
    blueprint_of_setup,
    contract_answer,
    discard_setup,
)

__all__ = [
    "Outcome",
    "answer_contracts",
    "answer_places",
    "begin_setup",
    "blueprint_of_setup",
    "contract_answer",
    "discard_setup",
    "load_scenario",
    "make_network",
    "take_in_blueprint",
    "written_blueprint",
]
