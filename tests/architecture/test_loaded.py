"""What a process loads before it is asked for anything: memory that every worker would hold."""

import json
import subprocess
import sys

import pytest

from tests.databases import ROOT

# Each is loaded by the first request or job that needs it.
ON_DEMAND = {
    "cryptography", "facturx", "fido2", "fontTools", "jwt", "lxml", "numpy", "plotly", "pypdf", "pypdfium2",
    "saxonche", "schwifty", "sepaxml", "stripe", "text_unidecode", "weasyprint",
}  # fmt: skip
LOADED = "import json, sys; print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})))"


@pytest.mark.parametrize(
    "start",
    [
        "import portal.wsgi",
        "import portal.celery; portal.celery.app.loader.import_default_modules()",
    ],
    ids=["web", "worker"],
)
def test_heavy_libraries_wait_until_they_are_needed(start: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"{start}; {LOADED}"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert ON_DEMAND & set(json.loads(done.stdout.splitlines()[-1])) == set()
