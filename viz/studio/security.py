"""Who may ask the studio, and for how much: host, origin, token, sizes, and what the page may load.

The studio answers this computer alone, unless it is started on another address; then it wants the token that it printed. A page of
another site cannot reach it: neither by its name (DNS rebinding), nor by a form or a script.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from flask import Flask, Response, jsonify, request

MOST_BYTES: Final = 256 * 1024  # of a request
COOKIE: Final = "dawndusk"
LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")
HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


@dataclass(frozen=True)
class Access:
    """Where the studio listens, and what it asks for.

    Attributes
    ----------
    host : str
        Address that it listens on.
    port : int
        Port.
    token : str
        What a client shows that is not asked from this computer; empty on the loopback address.
    """

    host: str
    port: int
    token: str = field(default="", repr=False)

    @property
    def hosts(self) -> frozenset[str]:
        """Hosts by which it may be called without a token."""
        names = (*LOOPBACK, self.host)
        return frozenset(f"{name}:{self.port}" for name in names) | (frozenset(names) if self.port == 80 else frozenset())

    @property
    def url(self) -> str:
        """Address for a browser."""
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::") else f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}/" + (f"?token={self.token}" if self.token else "")


def access(host: str, port: int) -> Access:
    """Access on an address.

    Parameters
    ----------
    host : str
        Address to listen on.
    port : int
        Port.

    Returns
    -------
    Access
        With a token of its own unless the address is loopback.
    """
    return Access(host, port, "" if host in ("127.0.0.1", "localhost", "::1") else secrets.token_urlsafe(24))


def guard(server: Flask, allowed: Access, script_hashes: Collection[str]) -> None:
    """Check every request and mark every answer.

    Parameters
    ----------
    server : Flask
        The server.
    allowed : Access
        Where it listens, and what it asks for.
    script_hashes : collection of str
        Hashes of the scripts inside the page, as a policy writes them.
    """
    server.config["MAX_CONTENT_LENGTH"] = MOST_BYTES
    policy = content_policy(script_hashes)

    @server.before_request
    def check() -> Any:
        refused = refusal(allowed, request)
        if refused is None:
            return None
        code, message = refused
        return jsonify(message=message), code

    @server.after_request
    def mark(response: Response) -> Response:
        response.headers.update(HEADERS)
        response.headers["Content-Security-Policy"] = policy
        response.headers.setdefault("Cache-Control", "no-store")
        if allowed.token and request.args.get("token") and response.status_code < 400:
            response.set_cookie(COOKIE, allowed.token, httponly=True, samesite="Strict")
        return response


def content_policy(script_hashes: Collection[str]) -> str:
    """What the page may load: nothing from elsewhere, and no script but its own.

    Parameters
    ----------
    script_hashes : collection of str
        Hashes of the scripts inside the page.

    Returns
    -------
    str
        The policy.
    """
    scripts = " ".join(["'self'", *script_hashes])
    return (
        f"default-src 'self'; script-src {scripts}; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; connect-src 'self'; "
        "font-src 'self' data:; worker-src 'none'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def refusal(allowed: Access, asked: Any) -> tuple[int, str] | None:
    """Why a request is refused.

    Parameters
    ----------
    allowed : Access
        Where the studio listens, and what it asks for.
    asked : Request
        The request.

    Returns
    -------
    (int, str) or None
        Status and message; None where it may pass.
    """
    if not allowed.token and asked.host not in allowed.hosts:
        return 403, "this address is not the studio's; open the one that it printed"
    if allowed.token and not _shows_token(allowed.token, asked):
        return 403, "the token is missing or wrong; open the address that the studio printed"
    if asked.method not in ("GET", "HEAD", "POST"):
        return 405, "the studio answers GET and POST"
    if asked.method == "POST" and not _from_here(asked):
        return 403, "a page of another site asked; the studio answers its own page"
    if asked.headers.get("Sec-Fetch-Site") == "cross-site" and asked.headers.get("Sec-Fetch-Mode") != "navigate":
        return 403, "a page of another site asked; the studio answers its own page"
    if asked.method == "POST":
        if (asked.content_length or 0) > MOST_BYTES:
            return 413, f"the request has {asked.content_length:,} bytes; the studio reads at most {MOST_BYTES:,}"
        if asked.content_length is None:
            return 411, "the request does not say how long it is"
        if asked.mimetype != "application/json":
            return 415, "the studio reads application/json"
    return None


def _shows_token(token: str, asked: Any) -> bool:
    given = asked.cookies.get(COOKIE) or asked.args.get("token") or ""
    return hmac.compare_digest(given.encode(), token.encode())


def _from_here(asked: Any) -> bool:
    """Whether a request that changes something comes from the studio's own page, or from a program that is no browser."""
    origin = asked.headers.get("Origin")
    if asked.headers.get("Sec-Fetch-Site") not in (None, "same-origin"):
        return False
    return origin is None or urlsplit(origin).netloc == asked.host
