"""Policies of requests and what is delivered; assets show their channels, grants what they speak of."""

from django.db import migrations

from apps.tenancy.fence import Fence, freeze_sql

CHANNELS = """
update assets_asset a set layout = a.layout || jsonb_build_object('channels', coalesce((
    select jsonb_agg(jsonb_build_object(
        'code', c.code, 'title', c.title, 'unit', c.unit, 'kind', c.kind, 'mark', c.mark)
        order by c.code)
    from assets_typechannel c where c.asset_type_id = a.asset_type_id), '[]'::jsonb))
"""
GRANTS = """
update assets_datagrant g set asset_label = a.name, time_zone = c.time_zone,
    parties = case when a.customer_id is null or g.parties @> array[a.customer_id] then g.parties
        else g.parties || a.customer_id end,
    channel_facts = coalesce((
        select jsonb_object_agg(t.code, jsonb_build_object(
            'title', t.title, 'kind', t.kind, 'unit', t.unit))
        from assets_typechannel t
        where t.asset_type_id = a.asset_type_id and t.code = any(g.channels)), '{}'::jsonb)
from assets_asset a, tenancy_company c
where a.id = g.asset_id and c.id = g.author_id
"""


class Migration(migrations.Migration):
    dependencies = [("assets", "0007_granted_data"), ("tenancy", "0002_fence")]
    operations = [
        Fence("assets_datarequest"),
        Fence("assets_requestanswer", append_only=True),
        Fence("assets_grantedseries", index=False),
        migrations.RunSQL(freeze_sql("assets_requestanswer"), migrations.RunSQL.noop),
        migrations.RunSQL(CHANNELS, migrations.RunSQL.noop),
        migrations.RunSQL(GRANTS, migrations.RunSQL.noop),
    ]
