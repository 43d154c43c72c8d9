"""Splits and lines of the unit tests: companies are small numbers, the provider takes the rest."""

from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from apps.contracts.domain.split import Split
from apps.contracts.domain.waterfall import RevenueLine

# Whole splits are large examples: a busy machine is no reason to fail.
LARGE = settings(suppress_health_check=[HealthCheck.too_slow], max_examples=60, deadline=None)
PROVIDER, MAKER, FINANCIER, WORKSHOP, PLATFORM = 1, 2, 3, 4, 5
OTHERS = (MAKER, FINANCIER, WORKSHOP, PLATFORM)


def parts(*parties: int) -> list[dict[str, object]]:
    return [{"party": party} for party in parties]


def per_unit(code: str, rate: str, *parties: int, **more: Any) -> dict[str, object]:
    return {"code": code, "kind": "per_unit", "rate": rate, "parts": parts(*parties), **more}


def percent(code: str, figure: str, *parties: int, **more: Any) -> dict[str, object]:
    return {"code": code, "kind": "percent", "percent": figure, "parts": parts(*parties), **more}


def of_contract(code: str, kind: str, party: int, amount: str, **more: Any) -> dict[str, object]:
    return {"code": code, "kind": kind, "party": party, "amount": amount, **more}


def split_of(*line_steps: Any, contract: Any = (), **more: Any) -> Split:
    data = {
        "currency": "EUR", "residual": PROVIDER, "line_steps": list(line_steps),
        "contract_steps": list(contract), **more,
    }  # fmt: skip
    return Split.from_dict(data)


def line(key: str, net: int, quantity: str = "0", charge: str = "", currency: str = "EUR") -> Any:
    return RevenueLine(key, charge or key, Decimal(quantity), net, currency)


FIGURES = st.decimals("0.01", "100", places=2)
LINE_STEPS = st.lists(
    st.builds(
        lambda kind, figure, named, charge: {
            "kind": kind,
            ("rate" if kind == "per_unit" else "percent"): str(figure),
            "parts": parts(*named),
            "charges": charge,
        },
        st.sampled_from(["per_unit", "percent"]),
        st.decimals("0.01", "99.99", places=2),
        st.lists(st.sampled_from((PROVIDER, *OTHERS)), min_size=1, max_size=5, unique=True),
        st.sampled_from([[], ["km"], ["base"]]),
    ),
    max_size=5,
)
CONTRACT_STEPS = st.lists(
    st.builds(
        lambda kind, party, amount: {
            "kind": kind, "party": party, "amount": str(amount),
            **({"percent": "12.5"} if kind == "reserve" else {}),
        },
        st.sampled_from(["fixed", "floor", "cap", "reserve"]), st.sampled_from(OTHERS),
        st.decimals("0.01", "500", places=2),
    ),
    max_size=4, unique_by=lambda step: (step["kind"] in ("floor", "cap"), step["party"]),
)  # fmt: skip


@st.composite
def splits(draw: Any) -> Split:
    """Any split the rules allow, with a malus that the maker and the workshop bear."""
    line_steps = [{"code": f"l{n}", **step} for n, step in enumerate(draw(LINE_STEPS))]
    contract = [{"code": f"c{n}", **step} for n, step in enumerate(draw(CONTRACT_STEPS))]
    bearers = [{"charge": "uptime", "parts": [{"party": MAKER, "weight": "2"},
                                              {"party": WORKSHOP, "weight": "1"}]}]  # fmt: skip
    return split_of(*line_steps, contract=contract, bearers=bearers)


LINES = st.lists(
    st.builds(
        line,
        st.uuids().map(str),
        st.integers(0, 10**7),
        st.decimals(0, 10**5, places=3).map(str),
        st.sampled_from(["km", "base"]),
    ),
    max_size=6,
)
