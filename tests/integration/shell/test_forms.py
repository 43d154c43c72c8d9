"""Forms say what is required, what is wrong, and are bound to their labels."""

from django import forms

from apps.common.forms import DateInput


class Sample(forms.Form):
    name = forms.CharField(help_text="As on the plate")
    agreed = forms.BooleanField(label="Agreed", required=False)
    kind = forms.ChoiceField(choices=[("a", "A")], widget=forms.RadioSelect)
    begins = forms.DateField(widget=DateInput)

    def clean(self) -> None:
        raise forms.ValidationError("Not like this")


def test_a_field_with_an_error_names_it_for_screen_readers() -> None:
    html = str(Sample({"name": ""}))
    assert 'class="form-control is-invalid' in html
    assert 'aria-describedby="id_name_helptext id_name_error"' in html
    assert 'id="id_name_error"' in html
    assert '<label class="form-label required" for="id_name">' in html


def test_an_error_of_the_whole_form_stands_above_it() -> None:
    assert '<div class="alert alert-danger" role="alert"><div>Not like this</div></div>' in str(
        Sample({"name": "x"})
    )


def test_what_was_typed_stays() -> None:
    assert 'value="&lt;Pump&gt;"' in str(Sample({"name": "<Pump>"}))


def test_dates_are_iso_in_every_language() -> None:
    from datetime import date

    from django.utils import translation

    with translation.override("de"):
        html = str(Sample(initial={"begins": date(2026, 3, 4)}))
    assert 'type="date"' in html
    assert 'value="2026-03-04"' in html


def test_no_field_has_an_inline_style_or_script() -> None:
    html = str(Sample())
    assert "style=" not in html
    assert "<script" not in html
