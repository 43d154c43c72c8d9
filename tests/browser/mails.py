"""Mails that a portal wrote into a folder (Django's file-based backend)."""

import re
from email import message_from_bytes
from pathlib import Path

from playwright.sync_api import Page

LINK = re.compile(r"http\S+/sign-up/proof/\?token=\S+")


def sign_up_link(folder: Path, page: Page) -> str:
    """The link to go on with signing up, whose mail goes away; a worker needs a moment to send it."""
    for _ in range(60):
        for file in folder.glob("*.log") if folder.exists() else ():
            text = message_from_bytes(file.read_bytes()).get_payload(decode=True).decode()
            if found := LINK.search(text):
                file.unlink()
                return found.group(0)
        page.wait_for_timeout(500)
    raise AssertionError("no mail came")
