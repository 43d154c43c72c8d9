"""Policies of mountings; assets that stand get the layout of their type."""

from django.db import migrations

from apps.tenancy.fence import Fence

LAYOUTS = """
update assets_asset a set layout = jsonb_build_object(
    'positions', '[]'::jsonb,
    'counters', coalesce((
        select jsonb_agg(jsonb_build_object(
            'code', c.code, 'title', c.title, 'unit', c.unit, 'kind', c.kind) order by c.code)
        from assets_typechannel c
        where c.asset_type_id = a.asset_type_id and c.kind in ('counter', 'delta')), '[]'::jsonb))
"""


class Migration(migrations.Migration):
    dependencies = [("assets", "0003_mountings"), ("tenancy", "0002_fence")]
    operations = [
        Fence("assets_mounting"),
        Fence("assets_counternote"),
        Fence("assets_componentlife"),
        migrations.RunSQL(LAYOUTS, migrations.RunSQL.noop),
    ]
