"""Whether this process lives, and whether it can serve: asked by balancers, without a company.

`/healthz` touches nothing. `/readyz` asks database, migrations and broker. Only the first two decide:
without a broker pages and intake work, and jobs wait in their rows until the sweeper rings again.
"""

import time
from threading import Lock

from celery import current_app
from django.db import DatabaseError, connection, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse

from apps.tenancy.schemas import public_lacks, schemas_behind, tenant_labels

OK, AWAY, BEHIND = "ok", "away", "behind"
REMEMBERED = 2.0  # seconds: whoever asks all the time does not make us ask all the time
BROKER_PATIENCE = 2.0
_lock = Lock()
_answer: tuple[float, dict[str, str]] | None = None
_current = False


def answer_health(request: HttpRequest) -> HttpResponse | None:
    """The answer where it is a question of health; any host may be asked."""
    if request.path == "/healthz":
        return HttpResponse("ok", content_type="text/plain", headers={"Cache-Control": "no-store"})
    if request.path != "/readyz":
        return None
    parts = remembered_parts()
    ready = parts["database"] == OK and parts["migrations"] == OK
    headers = {"Cache-Control": "no-store", **({} if ready else {"Retry-After": "5"})}
    return JsonResponse({"ready": ready, **parts}, status=200 if ready else 503, headers=headers)


def remembered_parts() -> dict[str, str]:
    """What is well, asked anew after two seconds; one thread asks, the others wait for it."""
    global _answer
    with _lock:
        if _answer is None or _answer[0] < time.monotonic():
            _answer = (time.monotonic() + REMEMBERED, parts_now())
        return _answer[1]


def forget_health() -> None:
    """Ask anew at once (tests)."""
    global _answer, _current
    _answer, _current = None, False


def parts_now() -> dict[str, str]:
    """`database`, `migrations` and `broker`: ok, away or behind."""
    database = AWAY
    migrations = AWAY
    try:
        connection.set_schema_to_public()  # type: ignore[attr-defined]
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("select 1")
            database = OK
            migrations = OK if is_current() else BEHIND
    except DatabaseError:
        connection.close()
    return {"database": database, "migrations": migrations, "broker": broker_state()}


def is_current() -> bool:
    """Whether public and every company's schema have all migrations of this code.

    Once they had, they have: the code of a process does not change.
    """
    global _current
    if not _current:
        _current = not public_lacks() and not schemas_behind(tenant_labels())
    return _current


def broker_state() -> str:
    """Whether the broker answers within two seconds."""
    try:
        with current_app.connection_for_write(connect_timeout=BROKER_PATIENCE) as broker:
            broker.ensure_connection(max_retries=1, timeout=BROKER_PATIENCE)
    except Exception:  # each transport has errors of its own
        return AWAY
    return OK
