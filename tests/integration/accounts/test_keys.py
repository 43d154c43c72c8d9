"""API keys: shown once, hashed, of one company, ended within seconds."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.exceptions import ValidationError as Invalid
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.api import for_keys, key_of
from apps.accounts.domain.tokens import hash_of, is_key
from apps.accounts.models import ApiKey
from apps.accounts.operations import make_key, revoke_key, rotate_key
from apps.accounts.queries import forget_key, valid_keys
from apps.events.models import AuditRow


def _request(secret: str, scheme: str = "Bearer") -> HttpRequest:
    return RequestFactory().get("/api/v1/x", headers={"Authorization": f"{scheme} {secret}"})


def test_a_key_opens_its_company_only(cast: Any, as_company: Any, now: Any) -> None:
    with as_company(cast["provider"]):
        key, secret = make_key(name="Gateway", scope="intake", now=now)
        assert is_key(secret)
        assert len(secret) == 4 + 43
        assert key.secret_hash == hash_of(secret)
        assert secret.endswith(key.hint)
        found = key_of(_request(secret))
        assert found is not None
        assert found.pk == key.pk
    with as_company(cast["customer"]):
        assert key_of(_request(secret)) is None
    assert key_of(_request(secret)) is None, "outside of any company"


@pytest.mark.parametrize("secret", ["", "prk_", "prk_" + "a" * 43, "x" * 5000, "prk_\x00ü"])
def test_no_key_at_all(cast: Any, as_company: Any, secret: str) -> None:
    with as_company(cast["provider"]):
        assert key_of(_request(secret.encode().decode("latin-1"))) is None


def test_only_bearer(cast: Any, as_company: Any, now: Any) -> None:
    with as_company(cast["provider"]):
        _key, secret = make_key(name="Gateway", scope="intake", now=now)
        assert key_of(_request(secret, "Basic")) is None
        assert key_of(_request(secret, "bearer")) is not None


def test_revoked_and_expired_keys_open_nothing(cast: Any, as_company: Any, now: Any) -> None:
    with as_company(cast["provider"]):
        key, secret = make_key(name="A", scope="intake", now=now)
        assert key_of(_request(secret)) is not None
        revoke_key(key=key, now=now)
        assert key_of(_request(secret)) is None
        key, secret = make_key(
            name="B", scope="intake", now=now, expires_at=timezone.now() + timedelta(hours=1)
        )
        assert key_of(_request(secret)) is not None
        ApiKey.objects.filter(pk=key.pk).update(expires_at=timezone.now())
        forget_key(key)
        assert key_of(_request(secret)) is None


def test_use_is_noted_once_a_minute_and_costs_no_query_in_between(
    cast: Any, as_company: Any, now: Any
) -> None:
    with as_company(cast["provider"]):
        key, secret = make_key(name="A", scope="intake", now=now)
        key_of(_request(secret))
        first = ApiKey.objects.get(pk=key.pk).last_used_at
        assert first is not None
        with CaptureQueriesContext(connection) as queries:
            key_of(_request(secret))
        assert len(queries) == 0
        assert ApiKey.objects.get(pk=key.pk).last_used_at == first


def test_two_keys_are_valid_while_one_replaces_the_other(
    cast: Any, as_company: Any, now: Any
) -> None:
    with as_company(cast["provider"]):
        now = timezone.now()
        device = uuid4()
        old, first = make_key(name="A", scope="intake", now=now, device_id=device)
        new, second = rotate_key(key=old, now=now)
        assert (new.device_id, new.scope) == (device, "intake")
        assert key_of(_request(first)) is not None
        assert key_of(_request(second)) is not None
        with pytest.raises(ValidationError, match="Two keys"):
            rotate_key(key=new, now=now)
        week = now + timedelta(days=7)
        assert set(valid_keys(week)) == {new}


def test_keys_need_sense(cast: Any, as_company: Any, now: Any) -> None:
    with as_company(cast["provider"]):
        for wrong in (
            {"name": " ", "scope": "intake"},
            {"name": "A", "scope": "everything"},
            {"name": "A", "scope": "read", "expires_at": now},
        ):
            with pytest.raises(ValidationError):
                make_key(now=now, **wrong)  # type: ignore[arg-type]
        assert not ApiKey.objects.exists()


def test_the_pages(cast: Any, client_of: Any, as_company: Any) -> None:
    technician = client_of(cast["provider"], "technician")
    assert client_of(cast["provider"], "finance").get("/keys/").status_code == 403
    made = technician.post("/keys/new/", {"name": "Line 3", "scope": "intake", "expires_on": ""})
    secret = made.context["secret"]
    assert "no-store" in made.headers["Cache-Control"]
    assert secret in made.content.decode()
    with as_company(cast["provider"]):
        key = ApiKey.objects.get()
        assert AuditRow.objects.filter(action="key.made", subject=key.public_id).count() == 1
    for path in ("/keys/", f"/keys/{key.public_id}/", "/keys/?export=csv"):
        page = technician.get(path)
        assert page.status_code == 200
        assert secret not in page.content.decode()
        assert "Line 3" in page.content.decode()
    successor = technician.post(f"/keys/{key.public_id}/successor/").context["secret"]
    technician.post(f"/keys/{key.public_id}/revocation/")
    with as_company(cast["provider"]):
        assert key_of(_request(secret)) is None
        assert key_of(_request(successor)) is not None
    foreign = client_of(cast["customer"]).get(f"/keys/{key.public_id}/")
    absent = client_of(cast["customer"]).get("/keys/key_01hzzzzzzzzzzzzzzzzzzzzzzz/")
    assert foreign.status_code == 404
    assert foreign.content == absent.content


def test_a_key_for_readings_does_not_read(cast: Any, as_company: Any, now: Any) -> None:
    @for_keys("read")
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(str(request.key))  # type: ignore[attr-defined]

    assert view.capability == "read_data"  # type: ignore[attr-defined]
    with as_company(cast["provider"]):
        _key, wrong = make_key(name="A", scope="intake", now=now)
        _key, right = make_key(name="B", scope="read", now=now)
        assert view(_request(wrong)).status_code == 403
        assert view(_request(right)).status_code == 200
        refused = view(_request("prk_nothing"))
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"] == "Bearer"
    assert refused.headers["Content-Type"] == "application/problem+json"


class Listing(APIView):
    scope = "read"

    def get(self, request: Any) -> Response:
        if request.GET.get("bad"):
            raise Invalid({"channel": ["There is no such channel."]})
        return Response({"key": str(request.user)})


def test_rest_views_take_keys_and_refuse_with_problem_details(
    cast: Any, as_company: Any, now: Any
) -> None:
    def view(request: HttpRequest) -> Any:
        with transaction.atomic():  # DRF rolls the request back when it refuses
            return Listing.as_view()(request)

    with as_company(cast["provider"]):
        _key, intake = make_key(name="A", scope="intake", now=now)
        _key, read = make_key(name="B", scope="read", now=now)
        answers = [
            view(RequestFactory().get("/api/v1/x")),
            view(_request("prk_wrong")),
            view(_request(intake)),
            view(_request(read)),
        ]
        assert [answer.status_code for answer in answers] == [401, 401, 403, 200]
        for answer in answers[:3]:
            answer.render()
            assert answer.headers["Content-Type"] == "application/problem+json"
            assert answer.data["status"] == answer.status_code
        bad = RequestFactory().get("/?bad=1", headers={"Authorization": f"Bearer {read}"})
        refused = view(bad)
    assert refused.status_code == 400
    assert refused.data["errors"] == {"channel": ["There is no such channel."]}
