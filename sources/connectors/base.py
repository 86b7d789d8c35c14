"""What a connector is asked, what it hands back, and how it says that something is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sources.errors import ExplainedError

Progress = Callable[[int], None]

#: Texts of a source's deleted flag that mean "this row is a tombstone".
TRUE_TEXTS = frozenset({"1", "t", "true", "y", "yes", "x", "có"})


class SourceError(ExplainedError):
    """A delivery that could not be taken.

    `sentence` is Vietnamese and says where it happened and what to do; `detail` is English, for
    engineers. Neither holds a secret or a value of a row.
    """

    def __init__(self, sentence: str, detail: str) -> None:
        super().__init__(sentence, detail)
        self.sentence = sentence
        self.detail = detail

    @property
    def sentence_vi(self) -> str:
        """The sentence for clerks."""
        return self.sentence

    @property
    def detail_en(self) -> str:
        """The detail for engineers."""
        return self.detail

    def __str__(self) -> str:
        return f"{self.sentence} [{self.detail}]" if self.detail else self.sentence


@dataclass(frozen=True)
class Manifest:
    """What the sender says about a delivery; sums over the files when there are several."""

    row_count: int | None
    sha256: str | None
    control_totals: dict[str, float]
    source: str | None


@dataclass(frozen=True)
class DeliveredFile:
    """One file of a delivery: size in bytes, rows as the connector counted them, its own manifest if any."""

    name: str
    sha256: str
    size: int
    rows: int
    manifest: Manifest | None = None


@dataclass
class Delivery:
    """One record of one source, landed.

    `delivered` counts rows as the connector read them, tombstones included. `dropped_columns` are
    names as the source has them; `missing_columns` are fields of the contract whose declared column
    was not found. `native` names the type, date or integer, of fields that the source's database has checked
    as such. `peak_memory` is bytes above what the child held before it read anything.
    """

    delivered: int = 0
    dropped_columns: list[str] = field(default_factory=list)
    missing_columns: list[str] = field(default_factory=list)
    native: dict[str, str] = field(default_factory=dict)
    files: list[DeliveredFile] = field(default_factory=list)
    manifest: Manifest | None = None
    declared_source: str | None = None
    mode: str = "snapshot"
    watermark: str | None = None
    warnings: list[str] = field(default_factory=list)
    peak_memory: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Job:
    """An extraction with secrets filled in, as plain values that cross to the child process."""

    source: str
    record: str
    connector: str
    system: str
    options: Mapping[str, Any] = field(repr=False)
    columns: Mapping[str, str]
    record_options: Mapping[str, Any]
    synonyms: Mapping[str, tuple[str, ...]]
    mode: str
    manifest: bool
    seconds: float
    memory_mb: int
    file_mb: int
    warehouse_url: str = field(repr=False)
    landing_table: str
    since: str | None
    limit: int | None

    def option(self, name: str, default: Any = None) -> Any:
        """A setting of the record, else of its system, else `default`."""
        return self.record_options.get(name, self.options.get(name, default))

    @property
    def cursor(self) -> str | None:
        """Column whose growth marks a change; only where the record is delivered as a delta."""
        return self.option("cursor") if self.mode == "delta" else None

    @property
    def deleted(self) -> str | None:
        """Column that marks a tombstone; only where the record is delivered as a delta."""
        return self.option("deleted") if self.mode == "delta" else None

    @property
    def where(self) -> str:
        """How sentences name this record of this source."""
        return f"Nguồn {self.source}, bảng ghi {self.record}"


_PASSWORD_IN_URL = re.compile(r"(?<=://)[^/\s@]*:[^/\s]*@")
_NAMED_SECRET = re.compile(
    r"(?i)\b(bearer|basic)\s+\S+|\b(password|passwd|pwd|token|access_token|client_secret|secret|key)\s*[=:]\s*\S+"
)


def redact(text: str, secrets: tuple[str, ...] = ()) -> str:
    """`text` without passwords in addresses, tokens, and each of `secrets`."""
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= 4:
            text = text.replace(secret, "***")
    text = _PASSWORD_IN_URL.sub("***@", text)
    return _NAMED_SECRET.sub(lambda m: f"{m.group(1) or m.group(2)} ***", text)


def suggest(wanted: str, present: list[str]) -> str:
    """The names of `present` nearest to `wanted`, for a sentence."""
    import difflib

    return ", ".join(f"“{name}”" for name in difflib.get_close_matches(wanted, present, n=2, cutoff=0.5))


def quoted(names: list[str], most: int = 8) -> str:
    """Names in quotation marks, at most `most` of them, for a sentence."""
    shown = ", ".join(f"“{n}”" for n in names[:most])
    return shown + (f" và {len(names) - most} tên khác" if len(names) > most else "")
