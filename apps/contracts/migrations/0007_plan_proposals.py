"""New plan versions are proposed before they are agreed; what was proposed never changes."""

import apps.common.fields
import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

from apps.tenancy.fence import Fence


# Both sign its content: only the state moves on, and only from `open`.
KEPT = """
create function contracts_keep_proposal() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and old.state = 'open'
        and (to_jsonb(new) - 'state') = (to_jsonb(old) - 'state') then
        return new;
    end if;
    raise exception 'a proposed plan keeps its content'
        using errcode = 'integrity_constraint_violation';
end $$;
create trigger contracts_planproposal_kept before update or delete on contracts_planproposal
    for each row execute function contracts_keep_proposal();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('contracts', '0006_price_indices'),
        ('tenancy', '0002_fence'),
    ]

    operations = [
        migrations.CreateModel(
            name='PlanProposal',
            fields=[
                ('id', models.UUIDField(default=apps.common.fields.uuid7, editable=False, primary_key=True, serialize=False)),
                ('parties', django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), editable=False, size=None)),
                ('state', models.CharField(choices=[('open', 'proposed'), ('withdrawn', 'withdrawn'), ('accepted', 'accepted')], default='open', max_length=9)),
                ('valid_from', models.DateField()),
                ('plan', models.JSONField()),
                ('plan_sha256', models.CharField(max_length=64)),
                ('content_sha256', models.CharField(max_length=64)),
                ('made_at', models.DateTimeField()),
                ('author', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.company')),
                ('contract', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='proposals', to='contracts.contract')),
            ],
            options={
                'ordering': ['contract', 'made_at', 'id'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'open')), fields=('author', 'contract'), name='contracts_one_open_proposal')],
            },
        ),
        Fence("contracts_planproposal"),
        migrations.RunSQL(KEPT, migrations.RunSQL.noop),
    ]
