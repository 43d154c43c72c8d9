"""What charts.js knows of the library that draws."""

import re
from pathlib import Path

from django.contrib.staticfiles import finders

from tests.databases import ROOT


def test_the_librarys_style_for_maps_is_kept_out_by_its_id() -> None:
    ours = (ROOT / "static/peruse/charts.js").read_text()
    known = re.search(r'MAP_STYLE = "([0-9a-f]{64})"', ours)
    found = finders.find("vendor/plotly-basic.min.js")
    assert known
    assert found
    theirs = Path(found).read_text()
    guarded = re.findall(r'getElementById\("([0-9a-f]{64})"\)', theirs)
    assert guarded == [known[1]]
