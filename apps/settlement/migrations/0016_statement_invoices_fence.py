"""A statement's invoice is fenced; it goes away only while the received document is open."""

from django.db import migrations

from apps.tenancy.fence import Fence


class Migration(migrations.Migration):
    dependencies = [("settlement", "0015_statement_invoices")]
    operations = [Fence("settlement_statementinvoice", index=False)]
