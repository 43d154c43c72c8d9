"""`among` finds what `in` finds, with one parameter however many keys."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from apps.assets.models import Asset
from apps.common.fields import uuid7
from apps.tenancy.models import Company, Hostname

pytestmark = pytest.mark.django_db


def test_it_finds_what_in_finds_by_key_and_by_foreign_key(cast: dict[str, Any]) -> None:
    keys = {company.pk for company in list(cast.values())[:3]}
    for model, name in ((Company, "pk"), (Hostname, "tenant"), (Hostname, "tenant_id")):
        found = model.objects.filter(**{f"{name}__among": keys}).order_by("pk")
        assert list(found) == list(model.objects.filter(**{f"{name}__in": keys}).order_by("pk"))
        assert {getattr(row, "tenant_id", row.pk) for row in found} == keys


def test_no_key_finds_nothing_and_excludes_nothing(cast: dict[str, Any]) -> None:
    assert not Company.objects.filter(pk__among=[]).exists()
    assert Company.objects.exclude(pk__among=[]).count() == len(cast)


def test_any_number_of_keys_is_one_parameter() -> None:
    keys = [uuid7() for _ in range(3)]
    rows = Asset.all_parties.filter(asset_type__among=keys)
    statement, parameters = rows.query.sql_with_params()
    assert 'WHERE "assets_asset"."asset_type_id" = any(%s)' in statement
    assert parameters == (keys,)
    assert not rows.exists()


def test_a_value_that_is_no_key_is_refused() -> None:
    with pytest.raises(ValidationError):
        Asset.all_parties.filter(pk__among=["no key"]).exists()
