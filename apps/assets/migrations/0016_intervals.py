"""How often an asset is expected to report stands in what all its parties see: none calls it silent too soon."""

from django.db import migrations

FILL = """
update assets_asset asset
set layout = asset.layout || jsonb_build_object('expected_interval', channel.shortest)
from (
    select asset_type_id, min(expected_interval_seconds) shortest
    from assets_typechannel where expected_interval_seconds is not null group by asset_type_id
) channel
where channel.asset_type_id = asset.asset_type_id;
"""


class Migration(migrations.Migration):
    dependencies = [("assets", "0015_grants_by_time")]
    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
