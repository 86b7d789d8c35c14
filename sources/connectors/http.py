"""The HTTP side of the REST connector: tokens, retries within a time bound, no step to another host."""

from __future__ import annotations

import json
import random
import ssl
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import cache
from types import TracebackType
from typing import Any

import httpx

from sources.connectors.base import Job, SourceError

_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 5
_MOST_BYTES = 8 << 20
_TRIES = 5
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 60.0
#: Of the time limit; the rest is for landing and for the sentence.
_SHARE_OF_TIME = 0.9
_TIMEOUT = httpx.Timeout(30.0, connect=10.0)


@dataclass(frozen=True)
class Page:
    """One answer: its number from 1, where it came from, headers, JSON with numbers as text."""

    number: int
    url: httpx.URL
    headers: httpx.Headers
    content: Any


@cache
def trust() -> ssl.SSLContext:
    """The certificates that are believed, read once a process and by none of its children."""
    return httpx.create_ssl_context(trust_env=False)


class Client:
    """Requests for one record, with the system's way of proving who asks."""

    def __init__(self, job: Job) -> None:
        self.job = job
        address = str(job.option("url", "")).rstrip("/") + "/"
        try:
            self.base = httpx.URL(address)
        except httpx.InvalidURL:
            self.base = httpx.URL("")
        if self.base.scheme not in ("http", "https") or not self.base.host:
            raise self.error(
                "địa chỉ dịch vụ không đúng dạng; kiểm tra biến môi trường của nguồn", "url is not http(s)"
            )
        self.deadline = time.monotonic() + job.seconds * _SHARE_OF_TIME
        self.tries = int(job.option("tries", _TRIES))
        self.pause = float(job.option("backoff_seconds", _FIRST_PAUSE))
        self.most_bytes = int(float(job.option("page_mb", _MOST_BYTES >> 20)) * (1 << 20))
        self.auth = str(job.option("auth") or ("bearer" if job.option("token") else "none"))
        self.token: str | None = str(job.option("token") or "") or None
        self.http = httpx.Client(
            verify=trust(),
            timeout=_TIMEOUT,
            follow_redirects=False,
            trust_env=False,
            headers={"accept": "application/json"},
        )

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *exc: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.http.close()

    def error(self, what: str, detail: str) -> SourceError:
        """A SourceError about this record."""
        return SourceError(f"{self.job.where}: {what}.", detail)

    def own(self, url: httpx.URL, number: int) -> httpx.URL:
        """`url` if it stays at the declared scheme, host and port; raises SourceError otherwise."""
        if (url.scheme, url.host, url.port) != (self.base.scheme, self.base.host, self.base.port):
            raise self.error(
                f"trang {number} chuyển hướng sang máy chủ khác ({url.host}), đã từ chối để không lộ mã truy cập; "
                "xác minh với đơn vị quản lý rồi sửa địa chỉ của nguồn",
                f"page {number} leads to another host",
            )
        return url

    def get(self, url: httpx.URL, number: int) -> Page:
        """One page as JSON. Raises SourceError with its number when it cannot be had."""
        renewed = False
        if self.auth == "oauth2" and self.token is None:
            self._renew()
        for _ in range(_MOST_REDIRECTS + 2):
            response, body = self._persist(url, number)
            status = response.status_code
            if status == 401 and self.auth == "oauth2" and not renewed:
                # The token ran out midway: a new one, and the same page again.
                renewed = True
                self._renew()
                continue
            if status in _REDIRECTS and "location" in response.headers:
                url = self.own(response.url.join(response.headers["location"]), number)
                continue
            if status in (401, 403):
                raise self.error(
                    f"trang {number}: dịch vụ từ chối mã truy cập (HTTP {status}); cấp lại mã cho nguồn rồi chạy lại",
                    f"page {number} answered {status}",
                )
            if status != 200:
                raise self.error(
                    f"trang {number}: dịch vụ trả lỗi HTTP {status}; kiểm tra địa chỉ hoặc báo đơn vị quản lý dịch vụ",
                    f"page {number} answered {status}",
                )
            return Page(number, response.url, response.headers, self._json(body, number))
        raise self.error(f"trang {number} chuyển hướng quá nhiều lần; báo đơn vị quản lý dịch vụ", "too many redirects")

    def _json(self, body: bytes, number: int) -> Any:
        try:
            return json.loads(body, parse_float=str, parse_int=str)
        except (ValueError, RecursionError):
            what = "trang web (HTML)" if body.lstrip()[:1] == b"<" else "nội dung không phải JSON"
            raise self.error(
                f"trang {number} trả về {what}, có thể bị cắt giữa chừng hoặc sai địa chỉ; báo đơn vị quản lý dịch vụ",
                f"page {number} is not JSON ({len(body)} bytes)",
            ) from None

    def _persist(self, url: httpx.URL, number: int) -> tuple[httpx.Response, bytes]:
        """The answer after as many tries as there are, with growing pauses, within the time of the source."""
        last = ""
        for attempt in range(1, self.tries + 1):
            wait: float | None = None
            try:
                response, body = self._once(url, number)
                if response.status_code not in _AGAIN:
                    return response, body
                last = f"HTTP {response.status_code}"
                wait = _retry_after(response)
            except (httpx.TransportError, httpx.DecodingError) as error:
                last = type(error).__name__
            if attempt == self.tries:
                break
            ceiling = min(self.pause * 2 ** (attempt - 1), _LONGEST_PAUSE)
            pause = wait if wait is not None else ceiling * (0.5 + random.random() / 2)  # noqa: S311
            if time.monotonic() + pause > self.deadline:
                break
            time.sleep(pause)
        kind = "dịch vụ trả lỗi " + last if last.startswith("HTTP") else f"không nhận được trả lời ({last})"
        raise self.error(
            f"trang {number}: {kind} sau {attempt} lần thử; chưa nhận dòng nào của lần gửi này, "
            "chạy lại khi dịch vụ hoạt động",
            f"page {number} failed with {last} after {attempt} tries",
        )

    def _once(self, url: httpx.URL, number: int) -> tuple[httpx.Response, bytes]:
        headers = {"authorization": f"Bearer {self.token}"} if self.token and self.auth != "none" else {}
        with self.http.stream("GET", url, headers=headers) as response:
            parts, size = [], 0
            for part in response.iter_bytes():
                size += len(part)
                if size > self.most_bytes:
                    raise self.error(
                        f"trang {number} lớn hơn {self.most_bytes >> 20} MB; giảm page_size của nguồn",
                        f"page {number} exceeds {self.most_bytes} bytes",
                    )
                parts.append(part)
            return response, b"".join(parts)

    def _renew(self) -> None:
        """A new token by client credentials."""
        fields = {"grant_type": "client_credentials"}
        if scope := self.job.option("scope"):
            fields["scope"] = str(scope)
        client = (str(self.job.option("client_id", "")), str(self.job.option("client_secret", "")))
        address = self.base.join(str(self.job.option("token_url", "")))
        detail = ""
        for attempt in range(1, self.tries + 1):
            try:
                answer = self.http.post(address, data=fields, auth=client)
                if answer.status_code == 200:
                    self.token = str(answer.json()["access_token"])
                    return
                detail = f"HTTP {answer.status_code}"
                if answer.status_code not in _AGAIN:
                    break
            except (ValueError, KeyError, TypeError):
                detail = "no access_token in the answer"
                break
            except httpx.TransportError as error:
                detail = type(error).__name__
            time.sleep(min(self.pause * 2 ** (attempt - 1), max(0.0, self.deadline - time.monotonic())))
        raise self.error(
            "không lấy được mã truy cập mới (OAuth2); kiểm tra client_id, client_secret và địa chỉ cấp mã",
            f"token endpoint: {detail}",
        )


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds that the service asks to wait, None when it does not say."""
    said: str | None = response.headers.get("retry-after")
    if not said:
        return None
    if said.isdigit():
        return float(said)
    try:
        return max(0.0, parsedate_to_datetime(said).timestamp() - time.time())
    except (TypeError, ValueError):
        return None
