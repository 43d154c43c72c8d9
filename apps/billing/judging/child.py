"""The judge's own process: files in, findings out, one after the other until its input closes.

The kernel's alarm ends it when a document takes too long or nothing comes for long, whether or not
its parent still lives; Saxon holds the interpreter, so that no thread here could. Frames on both
sides: four bytes of length, then the content.
"""

import json
import os
import resource
import signal
import sys
from base64 import b64encode
from dataclasses import asdict
from typing import Any, BinaryIO

from apps.billing.domain.einvoice.findings import Finding, Severity
from apps.billing.domain.einvoice.safe_xml import Unreadable
from apps.billing.judging.pdf import embedded_xml, is_pdf
from apps.billing.judging.rules import judge

_LENGTH = 4


def main(seconds: int, idle_seconds: int, memory: int) -> None:
    """`memory` bounds private writable bytes: Saxon reserves 32 GiB of addresses it never uses."""
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    replies = _own_output()
    while True:
        signal.alarm(idle_seconds)
        content = _read_frame(sys.stdin.buffer)
        if content is None:
            return
        signal.alarm(seconds)
        answer = json.dumps(_answer(content)).encode()
        replies.write(len(answer).to_bytes(_LENGTH, "big") + answer)
        replies.flush()


def _answer(content: bytes) -> dict[str, Any]:
    """The findings, and of a PDF the XML that was in it."""
    if not is_pdf(content):
        return {"xml": None, "findings": [asdict(finding) for finding in judge(content)]}
    try:
        xml = embedded_xml(content)
    except Unreadable as problem:
        finding = Finding(problem.rule, Severity.ERROR, "", problem.text)
        return {"xml": "", "findings": [asdict(finding)]}
    return {
        "xml": b64encode(xml).decode("ascii"),
        "findings": [asdict(finding) for finding in judge(xml)],
    }


def _own_output() -> BinaryIO:
    """What libraries print never gets between the frames."""
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return replies


def _read_frame(source: BinaryIO) -> bytes | None:
    head = source.read(_LENGTH)
    if len(head) < _LENGTH:
        return None
    length = int.from_bytes(head, "big")
    content = source.read(length)
    return content if len(content) == length else None


if __name__ == "__main__":
    main(*(int(text) for text in sys.argv[1:4]))
