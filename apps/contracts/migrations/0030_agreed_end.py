"""The end both signed is kept beside the one that holds, so that what was signed keeps its digest."""

from django.db import migrations, models

# Of contracts that are concluded the provider's offer says which end was signed; the oldest have no
# wording with their signature and keep the end that holds. Terms in force are guarded by a trigger.
# One update: of a row that is changed twice the checks of its references wait for the commit, and
# no trigger is switched on again before. `infinity` stands for no end until the row is written.
FILL = """
alter table contracts_contract disable trigger contracts_contract_terms;
update contracts_contract contract set agreed_ends_on = nullif(coalesce(
    (select coalesce(signature.content ->> 'ends_on', 'infinity')::date
        from contracts_signature signature
        where signature.contract_id = contract.id and signature.author_id = contract.author_id
        and signature.content ? 'ends_on' and signature.signed_at <= contract.activated_at
        order by signature.signed_at desc limit 1),
    ends_on
), 'infinity') where state in ('active', 'ended');
alter table contracts_contract enable trigger contracts_contract_terms;
"""


class Migration(migrations.Migration):
    dependencies = [("contracts", "0029_data_sheet")]
    operations = [
        migrations.AddField(
            "contract", "agreed_ends_on", models.DateField(null=True, blank=True, editable=False)
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
