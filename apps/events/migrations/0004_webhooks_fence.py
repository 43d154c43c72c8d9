"""Policies of webhooks, which their author alone sees; and the one question over the fence."""

from django.db import migrations

from apps.tenancy.fence import Fence

# Of the companies an event reaches anyway: which have an endpoint that hears it. Whoever publishes
# does not see those rows, and without this every event would leave a job in every company.
HEARERS = """
    create function public.events_hearers(event text, companies int[]) returns setof int
    language sql stable security definer set search_path = public, pg_temp as $$
        select distinct author_id from public.events_webhook
        where author_id = any(companies) and state = 'active' and event = any(events)
    $$
"""


class Migration(migrations.Migration):
    dependencies = [("events", "0003_webhooks")]
    operations = [
        Fence("events_webhook"),
        Fence("events_webhookmessage"),
        Fence("events_webhooktry", index=False),
        migrations.RunSQL(
            [
                "create index events_webhook_hears on events_webhook (author_id) "
                "where state = 'active'",
                HEARERS,
                "revoke all on function public.events_hearers(text, int[]) from public",
                "grant execute on function public.events_hearers(text, int[]) "
                "to peruse_app, peruse_platform, peruse_owner",
            ],
            "drop function public.events_hearers(text, int[])",
        ),
    ]
