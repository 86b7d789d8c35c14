"""A source file that does not hold is refused, naming file and field."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestration.settings import PROJECT
from sources.registry import RegistryError, load_source, load_sources, resolve
from sources.sample.bodies import BY_CODE

GOOD: dict[str, Any] = {
    "code": "38",
    "name": "Tỉnh ủy Thanh Hóa",
    "systems": {"party": {"connector": "database", "url": "${LIENTHONG_SOURCE_38_URL}"}},
    "records": {
        "organisation": {"system": "party", "table": "to_chuc", "columns": {"source_key": "id", "name": "ten"}}
    },
}


def _write(folder: Path, document: dict[str, Any], name: str = "38.yml") -> Path:
    file = folder / name
    file.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    return file


def test_a_source_says_which_kinds_it_has(tmp_path: Path) -> None:
    source = load_source(_write(tmp_path, GOOD))
    assert source.kinds == ("organisation",)
    assert source.records_of("organisation") == ("organisation",)
    assert source.records["organisation"].options == {"table": "to_chuc"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"code": "T9"}, "two digits of a province"),
        ({"records": {"people": GOOD["records"]["organisation"]}}, "no such record"),
        ({"records": {"organisation": {"system": "x", "columns": {"source_key": "id"}}}}, "not declared under systems"),
        ({"records": {"organisation": {"system": "party", "columns": {"name": "ten"}}}}, "must map source_key"),
        (
            {"records": {"organisation": {"system": "party", "columns": {"source_key": "id", "ton_giao": "tg"}}}},
            "ton_giao",
        ),
        ({"systems": {"party": {"connector": "ftp"}}}, "systems.party.connector"),
        ({"surplus": 1}, "surplus"),
        ({"authority": {"members": 80}}, "members"),
        ({"authority": {"cadre.religion": 80}}, "cadre.religion"),
    ],
)
def test_what_does_not_hold_is_named(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    with pytest.raises(RegistryError, match=r"38\.yml") as caught:
        load_source(_write(tmp_path, GOOD | change))
    assert said in str(caught.value)


def test_authority_is_said_by_kind_and_may_be_said_of_a_single_field(tmp_path: Path) -> None:
    said = {"member": 80, "cadre": 60, "cadre.political_theory": 90}
    assert load_source(_write(tmp_path, GOOD | {"authority": said})).authority == said


def test_file_and_code_agree(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match=r"must be named 38\.yml"):
        load_source(_write(tmp_path, GOOD, "40.yml"))


def test_secrets_come_from_this_sources_variables_only(tmp_path: Path) -> None:
    source = load_source(_write(tmp_path, GOOD))
    system = resolve(source, "party", {"LIENTHONG_SOURCE_38_URL": "sqlite:////secret"})
    assert system.options["url"] == "sqlite:////secret"
    assert "secret" not in repr(system)
    with pytest.raises(RegistryError, match="set the environment variable LIENTHONG_SOURCE_38_URL"):
        resolve(source, "party", {})
    other = GOOD | {"systems": {"party": {"connector": "database", "url": "${HOME}"}}}
    with pytest.raises(RegistryError, match="must begin with LIENTHONG_SOURCE_38_"):
        resolve(load_source(_write(tmp_path, other)), "party", {"HOME": "/"})


def test_the_registry_holds_the_forty_bodies_with_all_four_kinds() -> None:
    sources = load_sources(PROJECT / "sources" / "registry")
    assert set(BY_CODE) <= set(sources)
    assert all(len(sources[code].kinds) == 4 for code in BY_CODE)
    assert sum(code.startswith("T") for code in BY_CODE) == 6
    assert {system.connector for s in sources.values() for system in s.systems.values()} == {
        "database",
        "workbook",
        "csv",
        "rest",
    }
