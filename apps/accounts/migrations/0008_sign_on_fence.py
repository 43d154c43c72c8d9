"""A company's provider and its people's links are its own."""

from django.db import migrations

from apps.tenancy.fence import Fence


class Migration(migrations.Migration):
    dependencies = [("accounts", "0007_sign_on")]
    operations = [Fence("accounts_signon"), Fence("accounts_signonlink")]
