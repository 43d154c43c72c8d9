"""What Prometheus is told of the whole platform, read from the database as the platform."""

from collections.abc import Iterator
from typing import Any

from django.db import DatabaseError, connection
from prometheus_client.core import GaugeMetricFamily

from apps.tenancy.context import as_owner, as_platform, no_company
from apps.tenancy.schemas import schemas_behind, tenant_labels

# Done jobs are counted where they are done; the table has too many of them.
JOBS = """select kind, state, count(*) from events_job
    where state in ('waiting', 'running') group by 1, 2
    union all select kind, state, count(*) from events_job where state = 'parked' group by 1, 2"""
OLDEST_JOBS = """select q.queue, coalesce(extract(epoch from now() - min(j.run_after)), 0)
    from (values ('company'), ('platform')) q (queue) left join events_job j on j.queue = q.queue
    and j.state = 'waiting' and j.run_after <= now() group by 1"""
# Each published event writes its jobs with it: one without a done or parked job is not told yet.
OUTBOX = """select coalesce(extract(epoch from now() - min(created_at)), 0) from events_job
    where state in ('waiting', 'running') and event_id is not null"""
MESSAGES = """select state, count(*) from events_webhookmessage
    where state in ('waiting', 'failed') group by 1"""
COMPANIES = "select state, count(*) from tenancy_company group by 1"
CONNECTIONS = """select coalesce(usename, 'server'), count(*) from pg_stat_activity
    where datname = current_database() group by 1"""
CONNECTION_LIMIT = "select current_setting('max_connections')::int"
SIZE = "select pg_database_size(current_database())"

# Name, what it is, labels, query whose last column is the value.
FIGURES: tuple[tuple[str, str, tuple[str, ...], str], ...] = (
    ("peruse_open_jobs", "Jobs waiting, running and parked.", ("kind", "state"), JOBS),
    ("peruse_oldest_due_job_seconds", "Age of the longest due job.", ("queue",), OLDEST_JOBS),
    ("peruse_outbox_age_seconds", "Age of the oldest event not told to all.", (), OUTBOX),
    ("peruse_open_webhook_messages", "Messages to endpoints still to go.", ("state",), MESSAGES),
    ("peruse_companies", "Companies by state.", ("state",), COMPANIES),
    ("peruse_database_connections", "Connections by login.", ("login",), CONNECTIONS),
    ("peruse_database_connections_limit", "The server's most.", (), CONNECTION_LIMIT),
    ("peruse_database_bytes", "Size of the database.", (), SIZE),
)


class PlatformFigures:
    """A collector: asks anew at each scrape; a database that is away is a figure too."""

    def collect(self) -> Iterator[Any]:
        up = GaugeMetricFamily("peruse_database_up", "Whether the database answers.")
        try:
            found = _all_figures()
        except DatabaseError:
            found = []
        finally:
            connection.close()
        up.add_metric([], int(bool(found)))
        yield up
        yield from found

    def describe(self) -> list[Any]:
        """Nothing is asked when the collector is registered."""
        return []


def _all_figures() -> list[Any]:
    with no_company(), as_platform():
        found = [_figure(*figure) for figure in FIGURES]
    behind = GaugeMetricFamily("peruse_schemas_behind", "Companies' schemas that lack a migration.")
    with no_company(), as_owner():
        behind.add_metric([], len(schemas_behind(tenant_labels())))
    return [*found, behind]


def _figure(name: str, meaning: str, labels: tuple[str, ...], query: str) -> Any:
    family = GaugeMetricFamily(name, meaning, labels=labels)
    with connection.cursor() as cursor:
        cursor.execute(query)
        for *values, number in cursor.fetchall():
            family.add_metric([str(value) for value in values], float(number))
    return family
