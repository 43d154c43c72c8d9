"""The nameplate's file, and the mark that leads to it."""

import json
import re
from datetime import date
from itertools import pairwise
from urllib.parse import urlsplit

import pytest
import segno

from apps.assets.domain.mark import FRAME, MARGIN, MODULE_MM, QUIET, mark_of
from apps.assets.domain.nameplate import MEANING, SUBMODEL, Nameplate, environment

LINK = "https://peruse.example/id/ast_01m8ma138weaxs6y06696rdk23/"
PLATE = Nameplate(LINK, "Maker GmbH", "Press 200", "P-1", date(2024, 2, 29))


def elements(plate: Nameplate) -> dict[str, object]:
    [submodel] = environment(plate)["submodels"]
    return {row["idShort"]: row for row in submodel["submodelElements"]}


def test_the_file_is_a_shell_with_the_submodel_of_the_template() -> None:
    file = json.loads(json.dumps(environment(PLATE)))
    [shell], [submodel] = file["assetAdministrationShells"], file["submodels"]
    assert shell["assetInformation"]["globalAssetId"] == LINK
    assert shell["submodels"][0]["keys"][0]["value"] == submodel["id"]
    assert submodel["semanticId"]["keys"] == [{"type": "GlobalReference", "value": SUBMODEL}]
    found = {row["idShort"]: row for row in submodel["submodelElements"]}
    assert list(found) == list(MEANING)
    assert found["SerialNumber"]["value"] == "P-1"
    assert found["YearOfConstruction"]["value"] == "2024"
    assert found["DateOfManufacture"] == {
        "modelType": "Property", "idShort": "DateOfManufacture", "valueType": "xs:date",
        "value": "2024-02-29",
        "semanticId": {
            "type": "ExternalReference",
            "keys": [{"type": "GlobalReference", "value": "0173-1#02-AAR972#002"}],
        },
    }  # fmt: skip
    assert {text["language"] for text in found["ManufacturerName"]["value"]} == {"en", "de"}


def test_what_is_not_known_is_left_out() -> None:
    bare = Nameplate(LINK, "", "Press 200", "P-1")
    assert list(elements(bare)) == [
        "URIOfTheProduct", "ManufacturerProductDesignation", "SerialNumber",
    ]  # fmt: skip


def drawn(svg: str, size: int) -> list[list[int]]:
    """The modules that the mark's boxes cover."""
    rows = [[0] * size for _ in range(size)]
    for x, y, wide in re.findall(r"M(\d+) (\d+)h(\d+)v1h", svg):
        for place in range(int(wide)):
            rows[int(y) - FRAME - QUIET][int(x) - FRAME - QUIET + place] = 1
    return rows


def test_the_mark_shows_the_link_and_nothing_else() -> None:
    matrix = [
        [int(bool(module)) for module in row]
        for row in segno.make(LINK, error="q", micro=False).matrix
    ]
    svg = mark_of(LINK)
    assert drawn(svg, len(matrix)) == matrix
    assert "<script" not in svg
    assert "style" not in svg


def test_boxes_of_a_row_never_touch() -> None:
    """Each run is one box: a scanner's image has no seams."""
    boxes = re.findall(r"M(\d+) (\d+)h(\d+)v1h", mark_of(LINK))
    for (x, y, wide), (next_x, next_y, _wide) in pairwise(boxes):
        assert y != next_y or int(x) + int(wide) < int(next_x)


def test_frame_and_triangle_have_the_measures_of_the_standard() -> None:
    """In modules: a line of 1, at least 4 of quiet within it, a triangle of 6 in its inner corner."""
    svg = mark_of(LINK)
    size = len(segno.make(LINK, error="q", micro=False).matrix) + 2 * (4 + 1)
    assert f"M0 0h{size}v{size}h-{size}zM1 1v{size - 2}h{size - 2}v-{size - 2}z" in svg
    assert f"M{size - 1} {size - 1}v-6l-6 6z" in svg
    # The triangle's hypotenuse passes the code's nearest corner without touching it.
    assert 2 * (size - 1 - 4) < 2 * (size - 1) - 6
    # In print a module is wide enough for every reader.
    [width] = re.findall(r'width="([\d.]+)mm"', svg)
    assert float(width) / (size + 2 * MARGIN) == pytest.approx(MODULE_MM, abs=0.001)
    assert MODULE_MM >= 0.25


def test_the_link_is_one_that_the_standard_allows() -> None:
    """No more than 255 signs of the plain ones; scheme and host in small letters."""
    uri = urlsplit(LINK)
    assert len(LINK) <= 255
    assert re.fullmatch(r"[A-Za-z0-9:/._-]+", LINK)
    assert f"{uri.scheme}://{uri.netloc}" == f"{uri.scheme}://{uri.netloc}".lower()
