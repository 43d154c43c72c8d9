"""Files of documents are fenced and frozen; why no tax is charged, as data with dates.

Source of the texts and codes: Directive 2006/112/EC, Art. 44, 135, 138, 146, 196, 226 (11a); EN 16931
VATEX list of the Connecting Europe Facility; German UStG §§ 1, 3a, 4, 13b, 14a.
"""

from datetime import date

from django.db import migrations

from apps.tenancy.fence import Fence, freeze_sql

SINCE = date(2010, 1, 1)
EXEMPTIONS = [
    ("", "AE", "VATEX-EU-AE", "Reverse charge: the recipient owes the tax (Art. 196, Directive 2006/112/EC).",
     "Steuerschuldnerschaft des Leistungsempfängers (Art. 196 der Richtlinie 2006/112/EG)."),
    ("DE", "AE", "VATEX-EU-AE", "Reverse charge: the recipient owes the tax (§ 13b UStG).",
     "Steuerschuldnerschaft des Leistungsempfängers (§ 13b UStG)."),
    ("", "K", "VATEX-EU-IC", "Exempt supply within the European Union (Art. 138, Directive 2006/112/EC).",
     "Steuerfreie innergemeinschaftliche Lieferung (Art. 138 der Richtlinie 2006/112/EG)."),
    ("", "G", "VATEX-EU-G", "Exempt export from the European Union (Art. 146, Directive 2006/112/EC).",
     "Steuerfreie Ausfuhr (Art. 146 der Richtlinie 2006/112/EG)."),
    ("", "E", "", "Exempt from VAT.", "Umsatzsteuerfrei."),
    ("", "O", "VATEX-EU-O", "Outside the scope of VAT.", "Nicht steuerbar."),
]


def fill(apps, schema_editor):
    exemption = apps.get_model("billing", "TaxExemption")
    exemption.objects.bulk_create(
        exemption(country=country, category=category, code=code, text_en=english, text_de=german,
                  valid_from=SINCE)
        for country, category, code, english, german in EXEMPTIONS
    )


class Migration(migrations.Migration):
    dependencies = [("billing", "0019_document_files")]
    operations = [
        Fence("billing_documentfile", index=False, append_only=True),
        migrations.RunSQL(freeze_sql("billing_documentfile"), migrations.RunSQL.noop),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.RunSQL(
            "revoke insert, update, delete on billing_taxexemption from peruse_app",
            migrations.RunSQL.noop,
        ),
    ]
