"""Signatures of webhooks against the published example and a program that is not ours."""

import base64
import shutil
import subprocess

import pytest

from apps.events.domain.signing import headers_of, key_of, new_secret, sign

# The example of the specification's own test suites.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
AT = 1614265330
BODY = b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_published_example() -> None:
    assert sign(SECRET, ID, AT, BODY) == SIGNATURE


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_openssl_agrees() -> None:
    secret = new_secret()
    made = subprocess.run(
        ["openssl", "dgst", "-sha256", "-mac", "HMAC", "-macopt", f"hexkey:{key_of(secret).hex()}",
         "-binary"],
        input=f"{ID}.{AT}.".encode() + BODY, capture_output=True, check=True,
    ).stdout  # fmt: skip
    assert sign(secret, ID, AT, BODY) == "v1," + base64.b64encode(made).decode()


def test_a_secret_is_256_bits_and_never_the_same() -> None:
    secrets = {new_secret() for _ in range(100)}
    assert len(secrets) == 100
    assert all(secret.startswith("whsec_") and len(key_of(secret)) == 32 for secret in secrets)


def test_two_secrets_give_two_signatures_apart_by_a_space() -> None:
    one, other = new_secret(), new_secret()
    headers = headers_of([one, other], ID, AT, BODY)
    assert headers["webhook-id"] == ID
    assert headers["webhook-timestamp"] == str(AT)
    assert headers["webhook-signature"].split(" ") == [
        sign(one, ID, AT, BODY), sign(other, ID, AT, BODY),
    ]  # fmt: skip


def test_what_is_no_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="not a webhook secret"):
        key_of("whsec_no base 64!")
