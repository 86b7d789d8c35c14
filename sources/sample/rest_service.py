"""The REST services of the sample world: pages, bearer tokens, OAuth2 client credentials, changes since a moment."""

from __future__ import annotations

import base64
import json
import secrets
from bisect import bisect_right
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

LARGEST_PAGE = 1000
TOKEN_SECONDS = 3600


@dataclass
class Credentials:
    """What the callers of one source's service must show; tokens that were handed out are valid too."""

    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    client_id: str = field(default_factory=lambda: f"lienthong-{secrets.token_hex(4)}")
    client_secret: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    issued: set[str] = field(default_factory=set)

    def holds(self, header: str) -> bool:
        """Whether an Authorization header carries a valid token."""
        kind, _, token = header.partition(" ")
        valid = [self.token, *self.issued]
        return kind.lower() == "bearer" and any(secrets.compare_digest(token, v) for v in valid)


class _Records:
    """Items of one file of JSON lines, read once; sorted by the moment of change where it is a delta."""

    def __init__(self, path: Path, cursor: str | None) -> None:
        self.lines = path.read_bytes().splitlines()
        self.moments = [json.loads(line)[cursor] for line in self.lines] if cursor else []

    def since(self, moment: str | None) -> int:
        """Position of the first item changed after `moment`."""
        return bisect_right(self.moments, moment) if moment and self.moments else 0


def _basic(header: str) -> tuple[str, str] | None:
    """Client and secret of HTTP Basic authentication, None where there is none."""
    kind, _, value = header.partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        client, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except ValueError:
        return None
    return client, secret


def application(folder: Path, credentials: dict[str, Credentials]) -> Starlette:
    """The service of every source that has one: `/<code>/<record>` and `/<code>/token`."""
    described: dict[str, Any] = json.loads((folder / "services.json").read_text(encoding="utf-8"))
    loaded: dict[tuple[str, str], _Records] = {}

    async def token(request: Request) -> Response:
        known = credentials.get(request.path_params["code"])
        form = parse_qs((await request.body()).decode())
        given = {k: v[0] for k, v in form.items()}
        client, secret = _basic(request.headers.get("authorization", "")) or (
            given.get("client_id", ""),
            given.get("client_secret", ""),
        )
        if known is None or given.get("grant_type") != "client_credentials":
            return JSONResponse({"error": "unsupported_grant_type"}, 400)
        if not (
            secrets.compare_digest(client, known.client_id) and secrets.compare_digest(secret, known.client_secret)
        ):
            return JSONResponse({"error": "invalid_client"}, 401)
        issued = secrets.token_urlsafe(24)
        known.issued.add(issued)
        return JSONResponse({"access_token": issued, "token_type": "Bearer", "expires_in": TOKEN_SECONDS})

    async def page(request: Request) -> Response:
        code, path = request.path_params["code"], "/" + request.path_params["path"]
        known = credentials.get(code)
        if known is None or path not in described.get(code, {}):
            return JSONResponse({"loi": "không có dữ liệu này"}, 404)
        if not known.holds(request.headers.get("authorization", "")):
            return JSONResponse({"loi": "chưa xác thực"}, 401, headers={"WWW-Authenticate": "Bearer"})
        shape, query = described[code][path], request.query_params
        if (code, path) not in loaded:
            loaded[code, path] = _Records(
                folder / "sources" / code / "rest" / f"{path.strip('/')}.ndjson", shape["cursor"]
            )
        records = loaded[code, path]
        try:
            size = min(max(int(query.get("page_size", "100")), 1), LARGEST_PAGE)
            start = int(query["cursor"]) if "cursor" in query else records.since(query.get("updated_since"))
        except ValueError:
            return JSONResponse({"loi": "tham số trang không đúng"}, 400)
        end = start + size
        following = (
            f"/{code}{path}?{urlencode({'cursor': end, 'page_size': size})}" if end < len(records.lines) else None
        )
        items = b",".join(records.lines[start:end])
        body = b'{"%s":[%s],"%s":%s,"tongSo":%d}' % (
            shape["items"].encode(), items, shape["next"].encode(), json.dumps(following).encode(), len(records.lines),
        )  # fmt: skip
        return Response(body, media_type="application/json")

    return Starlette(routes=[Route("/{code}/token", token, methods=["POST"]), Route("/{code}/{path}", page)])
