"""Policies; plans are the operator's; what a company may do is noted on its row, which every request reads."""

from django.db import migrations

from apps.tenancy.fence import Fence

# As the owner: companies do not write their rows. The standing is the subscription's own, never another's.
FOLLOW = """
create function public.subscriptions_note_standing() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    perform peruse_note_standing(new.author_id, new.standing);
    return null;
end $$;
create trigger subscriptions_subscription_standing
    after insert or update of standing on subscriptions_subscription
    for each row execute function subscriptions_note_standing();
"""


class Migration(migrations.Migration):
    dependencies = [("subscriptions", "0001_initial"), ("tenancy", "0006_standing")]
    operations = [
        # The console gives plans by agreement.
        Fence("subscriptions_subscription", index=False, platform_writes=True),
        Fence("subscriptions_sponsorship"),
        Fence("subscriptions_planinvoice", index=False),
        Fence("subscriptions_usereport", index=False),
        migrations.RunSQL(
            [
                "revoke insert, update, delete, truncate on subscriptions_plan from peruse_app",
                "grant insert, update on subscriptions_plan to peruse_platform",
                "revoke delete, truncate on subscriptions_subscription, subscriptions_planinvoice, "
                "subscriptions_usereport from peruse_app",
            ],
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(FOLLOW, migrations.RunSQL.noop),
    ]
