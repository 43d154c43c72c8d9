from decimal import Decimal

from apps.pricing.explain import SENTENCES, sentence, sentences
from apps.pricing.tax import TaxedNet, TaxTotal, Totals, document_totals, tax_totals
from apps.pricing.values import AssetUsage, ServiceDays, step
from tests.unit.pricing.plans import flat, graduated, per_unit, priced


def test_per_unit_in_both_languages() -> None:
    (line,) = priced(per_unit(), AssetUsage("ast_1", "Truck 1", Decimal("1055.5"))).lines
    assert sentences(line, "en") == [
        "Truck 1 used 1,055.5\u00a0km.",
        "1,055.5\u00a0km × 0.067\u00a0EUR = 70.7185\u00a0EUR.",
        "70.7185\u00a0EUR rounded half up to 70.72\u00a0EUR.",
    ]
    assert sentences(line, "de") == [
        "Nutzung von Truck 1: 1.055,5\u00a0km.",
        "1.055,5\u00a0km × 0,067\u00a0EUR = 70,7185\u00a0EUR.",
        "70,7185\u00a0EUR kaufmännisch gerundet auf 70,72\u00a0EUR.",
    ]


def test_graduated_names_its_tiers() -> None:
    charge = graduated(("10", "1"), (None, "0.5", "2"), pooling="pooled")
    usage = [AssetUsage("a", "A", Decimal(6)), AssetUsage("b", "B", Decimal("4.5"))]
    first, second = priced(charge, *usage).lines
    assert "Together over 2 assets: 10.5\u00a0kWh." in sentences(first, "en")
    assert "Tier 1, above 0 up to 10: 10\u00a0kWh fall into it." in sentences(first, "en")
    assert sentences(second, "de") == [
        "Stufe 2, über 10: 0,5\u00a0kWh fallen hinein.",
        "0,5\u00a0kWh × 0,50\u00a0EUR = 0,25\u00a0EUR.",
        "Fester Betrag der Stufe 2: 2,00\u00a0EUR.",
        "2,25\u00a0EUR kaufmännisch gerundet auf 2,25\u00a0EUR.",
    ]


def test_a_prorated_fee_shows_that_the_division_goes_on() -> None:
    (line,) = priced(flat(), days=ServiceDays(31, 10)).lines
    assert sentences(line, "en")[0] == (
        "49.00\u00a0EUR × 10 of 31 days = 15.806451612903…\u00a0EUR."
    )


def test_every_sentence_has_both_languages_with_the_same_figures() -> None:
    for sentence_of in SENTENCES.values():
        assert set(sentence_of) == {"de", "en"}
        figures = [sorted(part.split("}")[0] for part in text.split("{")[1:])
                   for text in sentence_of.values()]  # fmt: skip
        assert figures[0] == figures[1]


def test_an_unknown_step_shows_its_figures() -> None:
    assert sentence(step("new_model", weight=Decimal("0.50")), "en") == "new_model: weight 0.5"


def test_a_label_with_braces_is_only_text() -> None:
    (line,) = priced(per_unit(), AssetUsage("a", "{quantity.__class__}", Decimal(1))).lines
    assert sentences(line, "en")[0] == "{quantity.__class__} used 1\u00a0km."


def test_tax_is_on_the_sum_per_category_and_rate() -> None:
    lines = [TaxedNet("S", Decimal(19), 3)] * 3 + [
        TaxedNet("S", Decimal("7"), 50),
        TaxedNet("S", Decimal("19.0"), 1),
        TaxedNet("E", Decimal(0), 1000),
    ]
    taxes = tax_totals(lines)
    assert taxes == [
        TaxTotal("E", Decimal(0), 1000, 0),
        TaxTotal("S", Decimal(7), 50, 4),
        TaxTotal("S", Decimal(19), 10, 2),
    ]
    assert document_totals(taxes) == Totals(1060, 6, 1066)


def test_negative_tax_is_rounded_like_positive() -> None:
    assert tax_totals([TaxedNet("S", Decimal(7), -50)])[0].tax_minor == -4
