"""Policies of an asset's life; holdings of assets that stand begin with their registration."""

from django.db import migrations

from apps.tenancy.fence import Fence, freeze_sql

# What is over stays as it was; of what lasts only its end and who sees it may be written.
KEPT = """
create trigger assets_holding_kept before update on assets_holding for each row
    when ((old.asset_id, old.role, old.holder_id, old.held_from, old.transfer)
        is distinct from (new.asset_id, new.role, new.holder_id, new.held_from, new.transfer))
    execute function peruse_refuse_change()
"""
PRESENT = """
insert into assets_holding (id, author_id, parties, asset_id, role, holder_id, holder_name, held_from,
    transfer)
select gen_random_uuid(), a.author_id, a.parties, a.id, r.role, r.holder, c.name, a.made_at, ''
from assets_asset a
cross join lateral (values ('manufacturer', a.manufacturer_id), ('owner', a.owner_id),
    ('provider', a.provider_id), ('customer', a.customer_id)) r (role, holder)
join tenancy_company c on c.id = r.holder
"""


class Migration(migrations.Migration):
    dependencies = [("assets", "0010_lifecycle"), ("tenancy", "0002_fence")]
    operations = [
        Fence("assets_holding"),
        Fence("assets_lifecycleact", append_only=True),
        Fence("assets_purchase", append_only=True),
        migrations.RunSQL(freeze_sql("assets_holding", "old.held_until is not null"), migrations.RunSQL.noop),
        migrations.RunSQL(KEPT, migrations.RunSQL.noop),
        migrations.RunSQL(freeze_sql("assets_lifecycleact"), migrations.RunSQL.noop),
        migrations.RunSQL(freeze_sql("assets_purchase"), migrations.RunSQL.noop),
        migrations.RunSQL(PRESENT, migrations.RunSQL.noop),
    ]
