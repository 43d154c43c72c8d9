"""One first answer to an invitation, and none to what was taken back."""

from django.db import migrations, models
from django.db.models import Q

# As the owner: who is asked must not lock the founder's row, and yet taking back and answering are
# never both. Whoever is second waits for the first and sees what it did.
IN_TIME = """
create function networks_answer_in_time() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    perform from networks_participation
        where id = new.participation_id and company_id = new.author_id
            and state = case new.kind when 'left' then 'active' else 'invited' end
        for update;
    if not found then
        raise exception 'this invitation is not open for such an answer'
            using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end $$;
create trigger networks_answer_in_time before insert on networks_answer
    for each row execute function networks_answer_in_time();
"""


class Migration(migrations.Migration):
    dependencies = [("networks", "0004_sides")]
    operations = [
        migrations.AddConstraint(
            "answer",
            models.UniqueConstraint(
                condition=~Q(kind="left"),
                fields=("author", "participation"),
                name="networks_first_answer_once",
            ),
        ),
        migrations.RunSQL(IN_TIME, migrations.RunSQL.noop),
    ]
