from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0011_person_acts")]

    operations = [
        migrations.AddField(
            model_name="entrycode",
            name="way",
            field=models.CharField(
                choices=[("signed_in", "signed in"), ("sign_on", "single sign-on"), ("acceptance", "to accept an invitation alone")],
                db_default="acceptance", default="signed_in", max_length=10,
            ),
        ),
    ]  # fmt: skip
