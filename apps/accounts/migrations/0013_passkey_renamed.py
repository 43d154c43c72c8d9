"""Renaming a passkey is one of the changes that are kept."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0012_way_of_an_entry")]
    operations = [
        migrations.AlterField(
            model_name="personact", name="change",
            field=models.CharField(choices=[('password_changed', 'Your password was changed.'), ('password_reset', 'Your password was chosen anew.'), ('password_set', 'A password was set.'), ('totp_activated', 'An authenticator app was added.'), ('totp_deactivated', 'The authenticator app was removed.'), ('webauthn_added', 'A passkey was added.'), ('webauthn_removed', 'A passkey was removed.'), ('webauthn_renamed', 'A passkey got another name.'), ('recovery_codes_generated', 'New recovery codes were made.'), ('sign_in_ended', 'A sign-in was ended from afar.'), ('linked', "Linked at a company's identity provider."), ('unlinked', "No longer linked at a company's identity provider.")], max_length=30),
        ),
    ]
