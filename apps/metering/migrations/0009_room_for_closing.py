"""Room beside each billed period for the row it becomes when it is closed."""

from django.db import migrations

# Half a page is left free: the closed row stays on its page, and no index (one of them on
# ranges) is written again.
ROOM = "alter table metering_billedperiod set (fillfactor = 50)"
NO_ROOM = "alter table metering_billedperiod reset (fillfactor)"


class Migration(migrations.Migration):
    dependencies = [("metering", "0008_rules_of_counting")]

    operations = [migrations.RunSQL(ROOM, NO_ROOM)]
