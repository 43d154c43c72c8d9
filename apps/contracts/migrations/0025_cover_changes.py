"""Assets come and go while a contract is in force, as both agreed."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import apps.common.fields
from apps.tenancy.fence import Fence

KEPT = """
create function contracts_keep_cover_change() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and old.state = 'open' and new.state in ('withdrawn', 'accepted')
        and (to_jsonb(new) - 'state') = (to_jsonb(old) - 'state') then
        return new;
    end if;
    raise exception 'a proposed change of cover keeps its content'
        using errcode = 'integrity_constraint_violation';
end $$;
create trigger contracts_coverchange_kept before update or delete on contracts_coverchange
    for each row execute function contracts_keep_cover_change();
"""
# A contract in force gets items, and days on which items end, by an accepted change alone.
ITEMS = """
create or replace function contracts_keep_items() returns trigger language plpgsql as $$
declare
    item contracts_contractitem := case when tg_op = 'INSERT' then new else old end;
begin
    if not exists (select from contracts_contract c
            where c.id = item.contract_id and c.state in ('active', 'ended')) then
        return case when tg_op = 'DELETE' then old else new end;
    end if;
    if tg_op = 'INSERT' and exists (select from contracts_coverchange change
            where change.id = new.added_by_id and change.contract_id = new.contract_id
            and change.state = 'accepted' and change.valid_from = new.starts_on) then
        return new;
    end if;
    if tg_op = 'UPDATE' and old.withdrawn_on is null
        and (to_jsonb(new) - 'withdrawn_on') = (to_jsonb(old) - 'withdrawn_on')
        and exists (select from contracts_coverchange change
            where change.contract_id = new.contract_id and change.state = 'accepted'
            and change.valid_from = new.withdrawn_on and change.withdrawn ? new.id::text) then
        return new;
    end if;
    raise exception 'a contract in force keeps its items'
        using errcode = 'integrity_constraint_violation';
end $$;
"""


class Migration(migrations.Migration):
    dependencies = [("contracts", "0024_offered_content"), ("tenancy", "0002_fence")]
    operations = [
        migrations.CreateModel(
            name="CoverChange",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=apps.common.fields.uuid7, editable=False, primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "parties",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.IntegerField(), editable=False, size=None
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "proposed"), ("withdrawn", "withdrawn"),
                            ("accepted", "accepted"),
                        ],
                        default="open", max_length=9,
                    ),
                ),
                ("valid_from", models.DateField()),
                ("added", models.JSONField(default=list)),
                ("withdrawn", models.JSONField(default=list)),
                ("content_sha256", models.CharField(max_length=64)),
                ("made_at", models.DateTimeField()),
                (
                    "author",
                    models.ForeignKey(
                        editable=False, on_delete=django.db.models.deletion.PROTECT,
                        related_name="+", to="tenancy.company",
                    ),
                ),
                (
                    "contract",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="cover_changes",
                        to="contracts.contract",
                    ),
                ),
            ],
            options={
                "ordering": ["contract", "made_at", "id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "open")), fields=("author", "contract"),
                        name="contracts_one_open_cover_change",
                    ),
                ],
            },
        ),
        migrations.AddField("contractitem", "withdrawn_on", models.DateField(null=True)),
        migrations.AddField(
            "contractitem", "added_by",
            models.ForeignKey(
                "contracts.CoverChange", null=True, on_delete=django.db.models.deletion.PROTECT,
                related_name="items",
            ),
        ),
        Fence("contracts_coverchange", index=False),
        migrations.RunSQL(KEPT, migrations.RunSQL.noop),
        migrations.RunSQL(ITEMS, migrations.RunSQL.noop),
    ]  # fmt: skip
