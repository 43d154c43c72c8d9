"""A small OpenID provider on this machine: real HTTP, really signed tokens, codes bound by PKCE."""

import base64
import hashlib
import html
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

CLIENT = "peruse"
SECRET = "a secret: of + the/client"


def new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def _first_key() -> rsa.RSAPrivateKey:
    """Made once: it takes a tenth of a second, and each test begins with it."""
    return new_key()


class Provider:
    """Whom it shows next stands in `shows`; `says` changes what it says of itself."""

    def __init__(self) -> None:
        self.key, self.kid = _first_key(), "one"
        self.shows: dict[str, Any] = {}
        self.says: dict[str, Any] = {}
        self.signs: Any = self._sign
        self.asked: list[dict[str, Any]] = []
        self.codes: dict[str, dict[str, str]] = {}
        self.issuer = ""

    def about(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            **self.says,
        }

    def keys(self) -> dict[str, Any]:
        public = RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return {"keys": [{**public, "kid": self.kid, "use": "sig"}]}

    def answers_browser(self, address: str) -> str:
        """What the person's browser would be sent back to after signing in there."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        code = f"code-{len(self.codes)}"
        self.codes[code] = query
        return f"/sign-on/callback/?code={code}&state={query['state']}&iss={self.issuer}"

    def page(self, address: str) -> bytes:
        """Its own page in the person's browser, with the way back."""
        back = self.answers_browser(address).partition("?")[2]
        redirect = self.codes[parse_qs(back)["code"][0]]["redirect_uri"]
        who, way = self.shows.get("email", "nobody"), html.escape(f"{redirect}?{back}")
        return f"<!doctype html><title>Provider</title><a href='{way}'>Go on as {who}</a>".encode()

    def token(self, form: dict[str, str], authorization: str | None) -> dict[str, Any] | None:
        """For a code that was given out, to the client it was given to; None refuses."""
        asked = self.codes.pop(form["code"], {})
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if asked.get("code_challenge") != challenge or asked["code_challenge_method"] != "S256":
            return None
        if form["redirect_uri"] != asked["redirect_uri"] or not self._is_client(
            form, authorization
        ):
            return None
        now = int(time.time())
        claims = {
            "iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300,
            "nonce": asked["nonce"], "auth_time": now, "email_verified": True, **self.shows,
        }  # fmt: skip
        return {"access_token": "x", "token_type": "Bearer", "id_token": self.signs(claims)}

    def _is_client(self, form: dict[str, str], authorization: str | None) -> bool:
        pair = f"{quote(CLIENT, safe='')}:{quote(SECRET, safe='')}".encode()
        given = (form.get("client_id"), form.get("client_secret"))
        return authorization == f"Basic {base64.b64encode(pair).decode()}" or given == (
            CLIENT,
            SECRET,
        )

    def _sign(self, claims: dict[str, Any]) -> str:
        return jwt.encode(claims, self.key, algorithm="RS256", headers={"kid": self.kid})


@contextmanager
def providing() -> Iterator[Provider]:
    """A provider that answers until the block ends."""
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.startswith("/authorize?"):
                self._answer(200, "text/html", provider.page(self.path))
                return
            pages = {"/.well-known/openid-configuration": provider.about, "/keys": provider.keys}
            self._say(pages[self.path]())

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            provider.asked.append({**form, "authorization": self.headers["Authorization"]})
            self._say(provider.token(form, self.headers["Authorization"]))

        def _say(self, said: dict[str, Any] | None) -> None:
            content = json.dumps({"error": "invalid_grant"} if said is None else said).encode()
            self._answer(200 if said else 400, "application/json", content)

        def _answer(self, status: int, kind: str, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: Any) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
