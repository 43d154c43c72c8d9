"""What the demo loads: each document follows schema and rules in each of its files, no invariant is broken."""

import io
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone
from pypdf import PdfReader

from apps.billing.models import DocumentFile
from apps.billing.operations.stored import read_stored
from apps.demo.operations import load_demo
from apps.tenancy.context import as_platform, no_company
from tests.rules import broken_rules

FORMS = DocumentFile.Form
SYNTAX = {FORMS.CII: "cii", FORMS.UBL: "ubl"}


@pytest.mark.long
def test_the_demo_breaks_no_rule_of_its_documents_and_no_invariant(
    own_database: str, settings: Any, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT, settings.STATE_DIR = tmp_path / "files", tmp_path
    load_demo(now=timezone.now(), say=print)
    # It exits with 1 and says what broke.
    call_command("check_invariants")
    with no_company(), as_platform():
        files = list(DocumentFile.all_parties.order_by("number", "form"))
    written = {(file.document_id, file.form): read_stored(file) for file in files}
    broken = {
        (file.number, file.form): found
        for file in files
        if file.form in SYNTAX
        and (found := broken_rules(written[file.document_id, file.form], SYNTAX[file.form]))
    }
    assert broken == {}
    counts = Counter(file.form for file in files)
    assert counts[FORMS.PDF] == counts[FORMS.CII] == counts[FORMS.UBL] >= 7
    for (document, form), content in written.items():
        if form == FORMS.PDF:
            (inside,) = PdfReader(io.BytesIO(content)).attachments["factur-x.xml"]
            assert inside == written[document, FORMS.CII]
