"""Where things are: read from the environment once, handed on as values."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

PROJECT = Path(__file__).resolve().parent.parent
TIMEZONE = ZoneInfo("Asia/Ho_Chi_Minh")


@dataclass(frozen=True)
class Settings:
    """Paths and addresses of one installation.

    `database_url` is None when the embedded server under `home` is to be used.
    """

    home: Path
    database_url: str | None
    registry: Path

    @property
    def sample(self) -> Path:
        """Folder of the sample source systems."""
        return self.home / "sample"

    @property
    def dagster_home(self) -> Path:
        """Folder of Dagster's own storage."""
        return self.home / "dagster"


def settings() -> Settings:
    """Settings of this process, from LIENTHONG_HOME, LIENTHONG_DATABASE_URL and LIENTHONG_SOURCES."""
    home = Path(os.environ.get("LIENTHONG_HOME") or PROJECT / "var")
    registry = Path(os.environ.get("LIENTHONG_SOURCES") or PROJECT / "sources" / "registry")
    return Settings(
        home=home.resolve(),
        database_url=os.environ.get("LIENTHONG_DATABASE_URL") or None,
        registry=registry.resolve(),
    )


def today() -> date:
    """The business date when none is named: today in Hà Nội."""
    return datetime.now(TIMEZONE).date()
