import copy
import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from apps.metering import bundle as bundle_module
from apps.metering.bundle import BundleError, bundle
from apps.metering.domain.evidence import (
    UnreadableEvidence,
    evidence_text,
    parse_evidence,
    signing_bytes,
    with_signature,
)
from apps.metering.domain.verification import FINDINGS, check, summary
from tests.unit.metering.evidence_case import PRIVATE_KEY, PUBLIC_KEY, signed

KEY = PUBLIC_KEY.hex()
TEXT = evidence_text(signed())


def document() -> Any:
    return parse_evidence(TEXT)


def resigned(value: dict[str, Any]) -> dict[str, Any]:
    """What a dishonest issuer could make: changed and signed again with the right key."""
    return with_signature(value, PRIVATE_KEY.sign(signing_bytes(value)), PUBLIC_KEY)


def paths(value: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {item.path: (item.stated, item.computed) for item in check(value, KEY)}


def test_the_evidence_verifies() -> None:
    assert check(document(), KEY) == []
    facts = summary(document())
    assert (facts["net_minor"], facts["tax_minor"], facts["gross_minor"]) == (5949, 1130, 7079)
    assert (facts["lines"], facts["readings"]) == (4, 56)


def test_a_changed_reading_is_named() -> None:
    value = document()
    value["contracts"][0]["items"][0]["readings"][4][1] = "1013.5"
    found = check(value, KEY)
    assert found[0].code == "bad_signature"
    assert ("changed", "contracts/0/items/0/readings/4") in [(f.code, f.path) for f in found]
    assert "contracts/0/items/0/usage/readings_digest" in paths(value)
    assert "contracts/0/items/0/usage/daily/4/quantity" in paths(value)


def test_a_changed_price_is_named_with_what_it_should_be() -> None:
    value = document()
    value["contracts"][0]["lines"][1]["net_minor"] = 567
    found = paths(value)
    assert found["contracts/0/lines/1/net_minor"] == ("567", "566")
    assert found["taxes/0/base_minor"] == ("5949", "5950")


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        (("invoice", "customer"), "Haulier Ltd.", "checks"),
        (("contracts", 0, "plan", "charges", 1, "unit_price"), "0.068", "contracts/0/plan_hash"),
        (("contracts", 0, "lines", 0, "net_minor"), 4901, "contracts/0/lines/0/net_minor"),
        (("contracts", 0, "lines", 1, "quantity"), "84.6", "contracts/0/lines/1/quantity"),
        (("contracts", 0, "service", "covered"), 30, "contracts/0/lines/0/net_minor"),
        (("contracts", 0, "items", 0, "usage", "quantity"), "85",
         "contracts/0/items/0/usage/quantity"),
        (("contracts", 0, "items", 0, "usage", "corrections", 0, "amount"), "1056",
         "contracts/0/items/0/usage/corrections/0/amount"),
        (("taxes", 0, "tax_minor"), 1131, "taxes/0/tax_minor"),
        (("totals", "gross_minor"), 7080, "totals/gross_minor"),
    ],
)  # fmt: skip
def test_even_the_issuer_cannot_sign_what_does_not_compute(
    path: tuple[str | int, ...], value: object, named: str
) -> None:
    changed = document()
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    found = check(resigned(changed), KEY)
    assert "bad_signature" not in {item.code for item in found}
    if named != "checks":
        assert named in {item.path for item in found if item.code == "differs"}
    assert "/".join(map(str, path)) in {item.path for item in found if item.code == "changed"}


def test_another_key_is_never_taken_from_the_file() -> None:
    other = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
    assert [item.code for item in check(document(), other)] == ["other_key", "bad_signature"]
    assert [item.code for item in check(document(), "xyz")] == ["bad_key"]
    assert check(document(), KEY.upper()) == []


def digits() -> list[int]:
    return [index for index, character in enumerate(TEXT) if character.isdigit()]


def flipped(index: int) -> str:
    return TEXT[:index] + str((int(TEXT[index]) + 1) % 10) + TEXT[index + 1 :]


def test_no_digit_can_be_changed_without_changing_what_is_signed() -> None:
    # Canonical JSON writes two values alike only if they are equal.
    original = document()
    for index in random.Random(5).sample(digits(), 1500):
        try:
            value = parse_evidence(flipped(index))
        except UnreadableEvidence:
            continue
        assert value != original, TEXT[index - 40 : index + 10]


def test_changed_digits_all_over_the_file_are_found_and_placed() -> None:
    for index in random.Random(7).sample(digits(), 60):
        try:
            value = parse_evidence(flipped(index))
        except UnreadableEvidence:
            continue
        found = check(value, KEY)
        assert found
        assert {item.code for item in found} & {"bad_signature", "other_key"}
        if index < TEXT.index('"signature": {'):
            assert len(found) > 1, TEXT[index - 60 : index + 10]
        for item in found:
            assert item.text("de")
            assert item.text("en")


def removals(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    if isinstance(value, dict):
        return [p for key in value for p in [(*path, key), *removals(value[key], (*path, key))]]
    if isinstance(value, list) and value:
        return [(*path, 0), *removals(value[0], (*path, 0))]
    return []


def test_a_document_of_another_shape_is_a_finding_never_an_error() -> None:
    places = [place for place in removals(document()) if place[0] not in ("checks", "signature")]
    for place in random.Random(3).sample(places, 25):
        value = document()
        inner: Any = value
        for key in place[:-1]:
            inner = inner[key]
        for odd in (None, [], {"a": 1}, "x", -1, True, 1.5):
            before = copy.copy(inner[place[-1]])
            if before == odd and type(before) is type(odd):
                continue
            inner[place[-1]] = odd
            assert quick_check(value), place
        del inner[place[-1]]
        assert quick_check(value), place


def quick_check(value: dict[str, Any]) -> list[Any]:
    """Without a well-formed key the slow part, the curve, is left out."""
    return [item for item in check(value, "none") if item.code != "bad_key"]


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", "nonsense", "[" * 100000, '{"format": "other"}',
     '{"format": "peruse-evidence", "version": 2}',
     '{"format": "peruse-evidence", "version": 1, "version": 1}',
     '{"format": "peruse-evidence", "version": 1, "x": 1.0}',
     '{"format": "peruse-evidence", "version": 1, "x": NaN}',
     '{"format": "peruse-evidence", "version": 1, "x": ' + "9" * 5000 + "}", b"\xff\xfe\xfd"],
)  # fmt: skip
def test_what_is_no_evidence_is_unreadable(text: str | bytes) -> None:
    with pytest.raises(UnreadableEvidence):
        parse_evidence(text)


def test_every_finding_has_both_languages() -> None:
    assert all(set(texts) == {"de", "en"} for texts in FINDINGS.values())


@pytest.fixture(scope="module")
def verifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("verifier") / "peruse_verify.py"
    path.write_text(bundle(), encoding="utf-8")
    return path


def run(
    verifier: Path, text: str | bytes | None, *options: str
) -> subprocess.CompletedProcess[str]:
    """In an empty place, isolated from this project and from everything installed."""
    file = verifier.parent / "evidence.json"
    file.unlink(missing_ok=True)
    if text is not None:
        file.write_bytes(text.encode() if isinstance(text, str) else text)
    command = [sys.executable, "-I", "-S", str(verifier), str(file), *options]
    return subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", cwd=verifier.parent, check=False
    )


def test_the_one_file_verifies(verifier: Path) -> None:
    done = run(verifier, TEXT, "--key", KEY)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("VERIFIED: 2026-000017, Maker GmbH to Haulier Ltd, 70.79")
    german = run(verifier, TEXT, "--key", KEY, "--language", "de")
    assert "70,79\u00a0EUR (4 Positionen, 56 Messwerte)" in german.stdout
    result = json.loads(run(verifier, TEXT, "--key", KEY, "--json").stdout)
    assert result["result"] == "verified"
    assert result["invoice"]["gross_minor"] == 7079


def test_the_one_file_finds_and_names_changed_digits(verifier: Path) -> None:
    places = random.Random(11).sample(digits(), 6)
    changed = TEXT.replace('"1012.5"', '"1013.5"', 1)
    for text in [changed, *map(flipped, places)]:
        done = run(verifier, text, "--key", KEY)
        assert done.returncode in (1, 2), done.stdout
        assert "Traceback" not in done.stderr
    result = json.loads(run(verifier, changed, "--key", KEY, "--json").stdout)
    assert result["result"] == "differs"
    assert "contracts/0/items/0/readings/3" in {item["path"] for item in result["findings"]}


def test_the_one_file_says_when_it_cannot_read(verifier: Path) -> None:
    for text in (None, "", b"\xff", '{"format": 1}'):
        done = run(verifier, text, "--key", KEY)
        assert done.returncode == 2
        assert done.stderr.startswith("Not readable: ")
    assert run(verifier, TEXT).returncode == 2
    assert json.loads(run(verifier, "", "--key", KEY, "--json").stdout)["result"] == "unreadable"


def test_the_one_file_rests_on_the_standard_library_alone(verifier: Path) -> None:
    text = verifier.read_text(encoding="utf-8")
    assert "from apps" not in text
    assert "django" not in text.lower()


def test_a_name_in_two_modules_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    modules = ["apps.common.money", "apps.common.quantity"]
    bundle_module._refuse_repeated_names(modules)
    monkeypatch.setattr(bundle_module, "_defined", lambda module: iter(["same"]))
    with pytest.raises(BundleError, match="same"):
        bundle_module._refuse_repeated_names(modules)
