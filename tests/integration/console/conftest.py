"""An operator of the platform, and a company's work."""

from typing import Any

import pytest

from apps.accounts.models import User
from tests.conftest import NOW


@pytest.fixture
def operator(db: None) -> User:
    return User.objects.create(
        email="olga@platform.example", name="Olga Operator", is_staff=True, joined_at=NOW,
        password="!unusable",
    )  # fmt: skip


@pytest.fixture
def provider(cast: dict[str, Any]) -> Any:
    return cast["provider"]


@pytest.fixture
def customer(cast: dict[str, Any]) -> Any:
    return cast["customer"]
