"""Checks Ed25519 signatures in plain Python, so that anyone can verify without a library.

Written from RFC 8032, sections 5.1.1 to 5.1.3 and 5.1.7 (cofactorless check). Verification
only handles public values; signing, where timing matters, is left to a vetted library.
"""

import hashlib

# RFC 8032, section 5.1: the field, the group's order, the curve's constant.
FIELD = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
CURVE_D = -121665 * pow(121666, FIELD - 2, FIELD) % FIELD
_ROOT_OF_MINUS_ONE = pow(2, (FIELD - 1) // 4, FIELD)

Point = tuple[int, int, int, int]
"""Extended homogeneous coordinates (X, Y, Z, T): x = X/Z, y = Y/Z, x·y = T/Z."""

NEUTRAL: Point = (0, 1, 1, 0)


def verify_signature(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the 64-byte signature over the message was made with this 32-byte key's owner."""
    if len(public_key) != 32 or len(signature) != 64:
        return False
    key, commitment = point_of(public_key), point_of(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if key is None or commitment is None or scalar >= ORDER:
        return False
    hashed = hashlib.sha512(signature[:32] + public_key + message).digest()
    challenge = int.from_bytes(hashed, "little") % ORDER
    right = added(commitment, multiplied(challenge, key))
    return same_point(multiplied(scalar, BASE), right)


def added(p: Point, q: Point) -> Point:
    """Section 5.1.4."""
    a = (p[1] - p[0]) * (q[1] - q[0]) % FIELD
    b = (p[1] + p[0]) * (q[1] + q[0]) % FIELD
    c = 2 * p[3] * q[3] * CURVE_D % FIELD
    d = 2 * p[2] * q[2] % FIELD
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % FIELD, g * h % FIELD, f * g % FIELD, e * h % FIELD


def multiplied(scalar: int, point: Point) -> Point:
    """Double and add."""
    result = NEUTRAL
    while scalar:
        if scalar & 1:
            result = added(result, point)
        point = added(point, point)
        scalar >>= 1
    return result


def same_point(p: Point, q: Point) -> bool:
    """x and y are equal, compared without division."""
    across = (p[0] * q[2] - q[0] * p[2]) % FIELD
    return across == 0 and (p[1] * q[2] - q[1] * p[2]) % FIELD == 0


def recovered_x(y: int, odd: int) -> int | None:
    """Section 5.1.3: the x of a y, by the sign bit; None where there is none."""
    if y >= FIELD:
        return None
    square = (y * y - 1) * pow(CURVE_D * y * y + 1, FIELD - 2, FIELD) % FIELD
    if square == 0:
        return None if odd else 0
    x = pow(square, (FIELD + 3) // 8, FIELD)
    if (x * x - square) % FIELD:
        x = x * _ROOT_OF_MINUS_ONE % FIELD
    if (x * x - square) % FIELD:
        return None
    return x if x & 1 == odd else FIELD - x


def point_of(encoded: bytes) -> Point | None:
    """Section 5.1.3: the point of its 32-byte form; None for a form that is no point."""
    number = int.from_bytes(encoded, "little")
    y = number & ((1 << 255) - 1)
    x = recovered_x(y, number >> 255)
    return None if x is None else (x, y, 1, x * y % FIELD)


def _base_point() -> Point:
    y = 4 * pow(5, FIELD - 2, FIELD) % FIELD
    x = recovered_x(y, 0)
    assert x is not None
    return x, y, 1, x * y % FIELD


BASE = _base_point()
