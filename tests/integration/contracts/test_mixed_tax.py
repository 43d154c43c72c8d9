"""What could not share a document is refused when the plan is written, not when it is billed."""

from copy import deepcopy
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from apps.contracts.operations import judging
from tests.integration.contracts.test_plan_versions import propose
from tests.integration.metering.conftest import PLAN, Works


def taxed(*natures: str) -> dict[str, Any]:
    plan = deepcopy(PLAN)
    for charge, nature in zip(plan["charges"], natures, strict=True):
        charge["tax"] = nature
    return plan


MIXED = [
    (("outside", ""), "S"), (("", "outside"), "AE"), (("exempt", "outside"), "S"),
    (("exempt", ""), "O"),
]  # fmt: skip


@pytest.mark.parametrize(("natures", "category"), MIXED)
def test_a_mix_is_refused_in_a_draft(works: Works, natures: Any, category: str) -> None:
    with pytest.raises(ValidationError, match="outside the scope") as refused:
        works.draft(plan=taxed(*natures), tax_category=category)
    assert list(refused.value.message_dict) == ["plan"]


def test_a_mix_is_refused_in_new_prices(works: Works) -> None:
    contract = works.contract()
    with pytest.raises(ValidationError, match="Base fee is outside the scope"):
        propose(works, contract, plan=taxed("outside", ""))


@pytest.mark.parametrize(
    ("natures", "category"),
    [(("outside", "outside"), "S"), (("", "reduced"), "O"), (("exempt", "reduced"), "S")],
)
def test_what_shares_a_document_is_drafted(works: Works, natures: Any, category: str) -> None:
    assert works.draft(plan=taxed(*natures), tax_category=category).pk


def test_without_the_refusal_it_is_drafted(
    works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.setattr(judging, "_is_outside", lambda *_given: False)
    assert works.draft(plan=taxed("outside", "")).pk
