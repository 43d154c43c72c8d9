"""Policies of the fence."""

from django.db import migrations

from apps.tenancy.fence import Fence


class Migration(migrations.Migration):
    dependencies = [("assets", "0001_initial"), ("tenancy", "0002_fence")]
    operations = [
        Fence("assets_assettype"),
        Fence("assets_typechannel", index=False),
        Fence("assets_asset"),
        Fence("assets_datagrant"),
        Fence("assets_grantread", append_only=True),
    ]
