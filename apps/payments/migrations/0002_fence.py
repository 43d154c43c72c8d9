"""Policies of the fence; the inbox's own; what came, went back or was filed never changes."""

from django.db import migrations

from apps.tenancy.fence import COMPANY_SETTING, Fence, freeze_sql

FENCED = [
    "bankaccount", "checkoutrequest", "expectedpayment", "mandate", "payment", "payout",
    "payoutbatch", "stripeaccount",
]
INBOX = "payments_webhookevent"


class Migration(migrations.Migration):
    dependencies = [("payments", "0001_initial"), ("tenancy", "0002_fence")]
    operations = [
        *[Fence(f"payments_{name}") for name in FENCED],
        Fence("payments_bankentry", index=False),
        Fence("payments_bankstatement", index=False, append_only=True),
        Fence("payments_bankfile", index=False, append_only=True),
        Fence("payments_refund", append_only=True),
        migrations.RunSQL(
            [
                *freeze_sql("payments_refund"),
                *freeze_sql("payments_payment", "old.state = 'refunded'"),
                *freeze_sql("payments_payout", "old.state in ('failed', 'discarded')"),
                *freeze_sql("payments_mandate", "old.state = 'revoked'"),
            ],
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(
            "revoke delete, truncate on payments_payment, payments_payout, payments_payoutbatch, "
            "payments_mandate, payments_bankaccount, payments_bankentry, payments_webhookevent "
            "from peruse_app",
            migrations.RunSQL.noop,
        ),
        # Whoever receives a message puts it in without a company; the platform finds the company;
        # that company alone reads it and notes what became of it.
        migrations.RunSQL(
            [
                f"alter table {INBOX} enable row level security",
                f"create policy {INBOX}_insert on {INBOX} for insert to peruse_app "
                "with check (company_id is null and state = 'received')",
                f"create policy {INBOX}_read on {INBOX} for select to peruse_app "
                f"using (company_id = {COMPANY_SETTING})",
                f"create policy {INBOX}_update on {INBOX} for update to peruse_app "
                f"using (company_id = {COMPANY_SETTING}) with check (company_id = {COMPANY_SETTING})",
                f"grant update on {INBOX} to peruse_platform",
                f"create policy {INBOX}_platform on {INBOX} for select to peruse_platform "
                "using (true)",
                f"create policy {INBOX}_platform_update on {INBOX} for update to peruse_platform "
                "using (company_id is null) with check (true)",
            ],
            migrations.RunSQL.noop,
        ),
    ]
