"""A message that waits for what never comes is closed by a person, with a reason."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('payments', '0010_one_word_for_approvals'),
    ]

    operations = [
        migrations.AddField(
            model_name='webhookevent',
            name='closed_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='webhookevent',
            name='closed_by',
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.AlterField(
            model_name='webhookevent',
            name='state',
            field=models.CharField(choices=[('received', 'received'), ('routed', 'handed over'), ('waiting', 'waits for another'), ('applied', 'applied'), ('refused', 'refused'), ('closed', 'closed')], default='received', max_length=8),
        ),
        migrations.AddConstraint(
            model_name='webhookevent',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'closed'), _negated=True), models.Q(('closed_at__isnull', False), models.Q(('closed_by', ''), _negated=True), models.Q(('reason', ''), _negated=True)), _connector='OR'), name='payments_inbox_closed'),
        ),
    ]
