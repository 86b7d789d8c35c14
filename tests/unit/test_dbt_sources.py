"""What is generated for dbt says what the contracts say, in both directions."""

from __future__ import annotations

import re

import pytest
import yaml

from sources import dbt_sources
from sources.contract import load_contracts

MODELS = dbt_sources.MODELS
DOC = re.compile(r"\{\{ doc\('(\w+?)__(\w+)'\) \}\}")


def described_columns() -> list[tuple[str, dict[str, object]]]:
    files = [*(MODELS / "core").glob("*.yml"), *(MODELS / "marts").glob("*.yml")]
    documents = [yaml.safe_load(file.read_text(encoding="utf-8")) for file in files]
    return [(m["name"], column) for d in documents for m in d["models"] for column in m["columns"]]


def test_generated_files_are_those_of_the_contracts() -> None:
    assert dbt_sources.drifted() == []


def test_a_changed_file_is_noticed(
    monkeypatch: pytest.MonkeyPatch, tmp_path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("SOURCES_FILE", "TERMS_FILE"):
        monkeypatch.setattr(dbt_sources, name, tmp_path / getattr(dbt_sources, name).name)
    assert dbt_sources.main([]) == 0
    assert dbt_sources.main(["--check"]) == 0
    with dbt_sources.SOURCES_FILE.open("a", encoding="utf-8") as file:
        file.write("# by hand\n")
    assert dbt_sources.main(["--check"]) == 1
    assert "_raw__sources.yml differs" in capsys.readouterr().err


def test_every_field_of_every_contract_is_a_source_column_with_its_class() -> None:
    document = yaml.safe_load(dbt_sources.SOURCES_FILE.read_text(encoding="utf-8"))
    tables = {t["name"]: {c["name"]: c for c in t["columns"]} for t in document["sources"][0]["tables"]}
    contracts = load_contracts()
    assert list(tables) == list(contracts)
    for record, contract in contracts.items():
        assert set(tables[record]) == {name for name, _ in contract.columns()} | set(dbt_sources.PROVENANCE)
        for p in contract.properties:
            assert tables[record][p.name]["config"]["meta"]["classification"] == p.classification


def test_every_staging_model_reads_every_field() -> None:
    for record, contract in load_contracts().items():
        text = (MODELS / "staging" / f"stg_{record}.sql").read_text(encoding="utf-8")
        listed = {
            line.strip().rstrip(",").rsplit(" as ", 1)[-1]
            for line in text.split("select\n", 1)[1].split("\nfrom", 1)[0].splitlines()
        }
        assert listed == {name for name, _ in contract.columns()} | {"source", "first_batch"}


def test_every_column_of_core_and_marts_has_a_term_and_a_class() -> None:
    for model, column in described_columns():
        assert column["description"], (model, column["name"])
        meta = column["config"]["meta"]
        assert meta["classification"] in {"P0", "P1", "P2", "P3"}, (model, column["name"])


def test_a_column_that_a_contract_describes_has_the_class_of_the_contract() -> None:
    contracts = load_contracts()
    described = 0
    for model, column in described_columns():
        if found := DOC.fullmatch(str(column["description"])):
            record, field = found.groups()
            p = contracts[record].by_name[field.removesuffix("_precision")]
            assert column["config"]["meta"]["classification"] == p.classification, (model, column["name"])
            described += 1
    assert described > 100
