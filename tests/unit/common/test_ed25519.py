import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.common.ed25519 import FIELD, ORDER, verify_signature

# RFC 8032, section 7.1, tests 1 to 3: public key, message, signature.
VECTORS = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555"
        "fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da0"
        "85ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac1"
        "8ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]


@pytest.mark.parametrize(("key", "message", "signature"), VECTORS)
def test_the_norms_vectors(key: str, message: str, signature: str) -> None:
    parts = bytes.fromhex(key), bytes.fromhex(message), bytes.fromhex(signature)
    assert verify_signature(*parts)
    assert not verify_signature(parts[0], parts[1] + b"x", parts[2])


@pytest.mark.parametrize("position", range(0, 64, 7))
def test_any_changed_byte_is_found(position: int) -> None:
    key, message, signature = (bytes.fromhex(part) for part in VECTORS[1])
    changed = bytearray(signature)
    changed[position] ^= 1
    assert not verify_signature(key, message, bytes(changed))


def test_a_second_form_of_the_scalar_is_refused() -> None:
    key, message, signature = (bytes.fromhex(part) for part in VECTORS[0])
    scalar = int.from_bytes(signature[32:], "little") + ORDER
    assert not verify_signature(key, message, signature[:32] + scalar.to_bytes(32, "little"))


def test_what_is_no_key_or_signature_is_only_false() -> None:
    key, message, signature = (bytes.fromhex(part) for part in VECTORS[0])
    assert not verify_signature(key[:31], message, signature)
    assert not verify_signature(key, message, signature[:63])
    assert not verify_signature(FIELD.to_bytes(32, "little"), message, signature)
    assert not verify_signature(bytes([2] + [0] * 31), message, signature)


@settings(max_examples=10, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200))
def test_agrees_with_an_independent_library(seed: bytes, message: bytes) -> None:
    private = Ed25519PrivateKey.from_private_bytes(seed)
    key, signature = private.public_key().public_bytes_raw(), private.sign(message)
    assert verify_signature(key, message, signature)
    assert not verify_signature(key, message + b"\0", signature)
