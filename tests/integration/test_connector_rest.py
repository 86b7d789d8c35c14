"""A paged REST service that really listens, and everything it may answer."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.extracting import POLL, Taken, refused, take

COLUMNS = {"source_key": "id", "full_name": "hoTen", "coefficient": "luong.heSo", "category": "loai"}
ROWS = 23
SIZE = 5


class Service:
    """What the service holds, what it answers instead on a page, and what it was asked."""

    def __init__(self) -> None:
        self.token = "ma-truy-cap"
        self.issued = 0
        self.instead: dict[int, list[tuple[int, bytes, dict[str, str]]]] = {}
        self.asked: list[dict[str, str]] = []
        self.url = ""
        self.form = "next"

    def items(self, query: dict[str, str]) -> list[dict[str, Any]]:
        items = [
            {
                "id": i, "hoTen": f"Nguyễn Văn {i}", "luong": {"heSo": 2.340}, "loai": None, "tonGiao": "x",
                "suaLuc": f"2026-01-{i + 1:02}T08:00:00Z", "daXoa": i == 20,
            }
            for i in range(ROWS)
        ]  # fmt: skip
        since = query.get("updated_since")
        return [item for item in items if since is None or item["suaLuc"] > since]

    def answer(self, path: str, query: dict[str, str], token: str | None) -> tuple[int, bytes, dict[str, str]]:
        self.asked.append(query)
        start = int(query.get("offset") or query.get("cursor") or (int(query.get("page", 1)) - 1) * SIZE)
        if instead := self.instead.get(start // SIZE + 1):
            return instead.pop(0)
        if token != f"Bearer {self.token}":
            return 401, b"{}", {}
        items = self.items(query)
        body: dict[str, Any] = {"nguon": "38", "ketQua": {"danhSach": items[start : start + SIZE]}}
        if start + SIZE < len(items):
            following = str(start + SIZE)
            since = f"&updated_since={query['updated_since']}" if "updated_since" in query else ""
            body["sau"] = following if self.form == "cursor" else f"{path}?cursor={following}{since}"
        return 200, json.dumps(body).encode(), {}


@pytest.fixture
def service() -> Iterator[Service]:
    state = Service()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *arguments: Any) -> None:
            pass

        def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            answer = state.answer(parts.path, dict(parse_qsl(parts.query)), self.headers.get("Authorization"))
            self._send(*answer)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            state.issued += 1
            state.token = f"ma-{state.issued}"
            self._send(200, json.dumps({"access_token": state.token, "expires_in": 60}).encode(), {})

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}/api"
    thread = threading.Thread(target=server.serve_forever, args=(POLL,), daemon=True)
    thread.start()
    yield state
    server.shutdown()
    server.server_close()


@pytest.fixture
def ask(warehouse_url: str, service: Service) -> Ask:
    return Ask(warehouse_url, service)


class Ask:
    """Extractions from the service."""

    def __init__(self, url: str, service: Service) -> None:
        self.url, self.service = url, service

    def arguments(self, system: dict[str, Any], record: dict[str, Any]) -> tuple[Any, ...]:
        bearer = {
            "connector": "rest",
            "url": self.service.url,
            "auth": "bearer",
            "token": "${LIENTHONG_SOURCE_38_TOKEN}",
        }
        paged = {"path": "/can-bo", "items": "ketQua.danhSach", "next": "sau", "page_size": SIZE, "columns": COLUMNS}
        return self.url, {**bearer, "backoff_seconds": 0.01, **system}, "cadre", {**paged, **record}

    def take(self, system: dict[str, Any] | None = None, after: str | None = None, **record: Any) -> Taken:
        secrets = {"LIENTHONG_SOURCE_38_TOKEN": "ma-truy-cap"}
        return take(*self.arguments(system or {}, record), since=after, environment=secrets)

    def refuse(self, system: dict[str, Any] | None = None, seconds: float = 60, **record: Any) -> str:
        secrets = {"LIENTHONG_SOURCE_38_TOKEN": "ma-truy-cap"}
        error = refused(*self.arguments(system or {}, record), environment=secrets, seconds=seconds)
        assert "ma-truy-cap" not in str(error)
        return error.sentence_vi


OAUTH = {"auth": "oauth2", "token": None, "token_url": "/token", "client_id": "lt", "client_secret": "bi-mat"}


@pytest.mark.parametrize("form", ["next", "cursor", "page", "offset"])
def test_every_form_of_paging(ask: Ask, service: Service, form: str) -> None:
    service.form = form
    record = {"paging": form} if form in ("page", "offset") else {}
    taken = ask.take(**record)
    assert taken.column("source_key") == [str(i) for i in range(ROWS)]
    assert taken.column("coefficient") == ["2.34"] * ROWS
    assert taken.column("category") == [None] * ROWS
    assert taken.column("row_no") == list(range(1, ROWS + 1))
    assert taken.delivery.dropped_columns == ["daXoa", "suaLuc", "tonGiao"]
    assert taken.delivery.missing_columns == []


def test_a_delta_with_tombstones(ask: Ask, service: Service) -> None:
    delta = {"mode": "delta", "cursor": "suaLuc", "deleted": "daXoa", "since": "updated_since"}
    taken = ask.take(after="2026-01-15T08:00:00Z", **delta)
    assert [(r["source_key"], r["deleted"]) for r in taken.rows if r["source_key"] in ("19", "20")] == [
        ("19", False), ("20", True),
    ]  # fmt: skip
    assert taken.delivery.delivered == 8
    assert taken.delivery.watermark == "2026-01-23T08:00:00Z"
    assert all(query["updated_since"] == "2026-01-15T08:00:00Z" for query in service.asked)
    nothing = ask.take(after="2026-02-01T00:00:00Z", **delta)
    assert (nothing.delivery.delivered, nothing.delivery.watermark) == (0, "2026-02-01T00:00:00Z")


def test_the_source_that_the_answer_declares(ask: Ask) -> None:
    assert ask.take(source_code={"key": "nguon"}).delivery.declared_source == "38"


def test_passing_trouble_is_tried_again(ask: Ask, service: Service) -> None:
    service.instead = {2: [(500, b"", {}), (503, b"", {})], 3: [(429, b"", {"Retry-After": "1"})]}
    started = time.monotonic()
    assert ask.take().delivery.delivered == ROWS
    assert time.monotonic() - started >= 1, "the service said when to come again"


def test_lasting_trouble_on_page_4_ends_the_delivery(ask: Ask, service: Service) -> None:
    service.instead = {4: [(500, b"Nguyen Van A", {})] * 9}
    sentence = ask.refuse()
    assert "trang 4: dịch vụ trả lỗi HTTP 500 sau 5 lần thử" in sentence
    assert "Nguyen" not in sentence


def test_waiting_stops_at_the_time_of_the_source(ask: Ask, service: Service) -> None:
    service.instead = {1: [(503, b"", {"Retry-After": "3600"})] * 9}
    started = time.monotonic()
    assert "trang 1: dịch vụ trả lỗi HTTP 503 sau 1 lần thử" in ask.refuse(seconds=10)
    assert time.monotonic() - started < 10


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<html>Dang nhap</html>", "trang 3 trả về trang web (HTML)"),
        (b'{"ketQua": {"danhSach": [{"id"', "trang 3 trả về nội dung không phải JSON"),
        (b'{"loi": 1}', "trang 3 không có danh sách “ketQua.danhSach”. Dịch vụ trả “loi”"),
        (b'{"ketQua": {"danhSach": [7]}}', "trang 3 có mục không phải đối tượng JSON"),
        (b"[" * 100_000, "trang 3 trả về nội dung không phải JSON"),
    ],
)
def test_json_that_is_not_what_it_should_be(ask: Ask, service: Service, body: bytes, words: str) -> None:
    service.instead = {3: [(200, body, {})]}
    assert words in ask.refuse()


def test_nul_and_lone_surrogates_in_json(ask: Ask, service: Service) -> None:
    items = r'{"ketQua": {"danhSach": [{"id": "a\u0000b", "hoTen": "\ud800", "luong": {"heSo": 1}, "loai": "x"}]}}'
    service.instead = {1: [(200, items.encode(), {})]}
    taken = ask.take()
    assert taken.column("source_key") == [r"a\x00b"]
    assert taken.column("full_name") == [r"\uD800"]


def test_a_redirect_to_another_host_is_not_followed(ask: Ask, service: Service) -> None:
    elsewhere = {"Location": "http://localhost:9/can-bo"}
    service.instead = {2: [(302, b"", elsewhere)]}
    assert "trang 2 chuyển hướng sang máy chủ khác (localhost), đã từ chối" in ask.refuse()


def test_a_next_address_on_another_host_is_not_followed(ask: Ask, service: Service) -> None:
    body = {"ketQua": {"danhSach": [{"id": 1}]}, "sau": "http://localhost:9/can-bo?page=2"}
    service.instead = {1: [(200, json.dumps(body).encode(), {})]}
    assert "sang máy chủ khác (localhost)" in ask.refuse()


def test_a_redirect_within_the_host_is_followed(ask: Ask, service: Service) -> None:
    service.instead = {1: [(307, b"", {"Location": "/api/can-bo?page_size=5"})]}
    assert ask.take().delivery.delivered == ROWS


def test_paging_in_a_circle(ask: Ask, service: Service) -> None:
    body = {"ketQua": {"danhSach": [{"id": 1}]}, "sau": "/api/can-bo?cursor=5"}
    service.instead = {2: [(200, json.dumps(body).encode(), {})] * 3}
    assert "dữ liệu đi vòng" in ask.refuse()


def test_a_bearer_token_that_expires_midway(ask: Ask, service: Service) -> None:
    service.instead = {3: [(401, b"{}", {})]}
    assert "trang 3: dịch vụ từ chối mã truy cập (HTTP 401)" in ask.refuse()


def test_an_oauth2_token_that_expires_midway_is_renewed(ask: Ask, service: Service) -> None:
    service.instead = {3: [(401, b"{}", {})]}
    assert ask.take(OAUTH).delivery.delivered == ROWS
    assert service.issued == 2


def test_an_oauth2_token_that_is_never_accepted(ask: Ask, service: Service) -> None:
    service.instead = {1: [(401, b"{}", {})] * 9}
    assert "trang 1: dịch vụ từ chối mã truy cập (HTTP 401)" in ask.refuse(OAUTH)
    assert service.issued == 2


def test_an_answer_over_the_cap(ask: Ask, service: Service) -> None:
    service.instead = {1: [(200, b" " * (2 << 20), {})]}
    assert "trang 1 lớn hơn 1 MB; giảm page_size" in ask.refuse({"page_mb": 1})


def test_a_service_that_is_down(ask: Ask) -> None:
    assert "trang 1: không nhận được trả lời (ConnectError) sau 2 lần thử" in ask.refuse(
        {"url": "http://127.0.0.1:1/api", "tries": 2}
    )


def test_an_address_that_is_none(ask: Ask) -> None:
    assert "địa chỉ dịch vụ không đúng dạng" in ask.refuse({"url": "ftp://127.0.0.1/api"})


def test_keys_that_never_come(ask: Ask) -> None:
    taken = ask.take(columns={**COLUMNS, "personal_id": "hoten"})
    assert taken.delivery.missing_columns == ["personal_id"]
    assert taken.warned("“hoten” (personal_id)", "“hoTen”")
    assert "không mục nào có khóa như đã khai báo" in ask.refuse(columns={"source_key": "ma"})
