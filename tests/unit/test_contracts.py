"""Contracts are validated with a message that names file, line and field."""

from __future__ import annotations

from pathlib import Path

import pytest

from sources.contract import CONTRACTS, KINDS, RECORDS, ContractError, load_contract, load_contracts
from sources.contract_check import problems


def test_thirteen_records_in_four_kinds_hold() -> None:
    contracts = load_contracts()
    assert tuple(contracts) == RECORDS
    assert len(RECORDS) == 13
    assert {c.kind for c in contracts.values()} == set(KINDS)


def test_rule_ids_stand_once_over_all_contracts() -> None:
    ids = [rule.rule_id for c in load_contracts().values() for rule in c.rules]
    assert len(ids) == len(set(ids))


def test_every_rule_has_a_sentence_for_clerks_and_an_error_names_what_it_blocks() -> None:
    for contract in load_contracts().values():
        for rule in contract.rules:
            assert rule.sentence.endswith((".", ")", "…")), rule.rule_id
            assert rule.severity == "warning" or rule.blocks, rule.rule_id


def test_unconfirmed_rules_only_warn() -> None:
    rules = [rule for c in load_contracts().values() for rule in c.rules]
    assert any(rule.confidence != "high" for rule in rules)
    assert all(rule.severity == "warning" for rule in rules if rule.confidence != "high")


def test_nothing_of_class_x_is_in_a_contract() -> None:
    forbidden = (
        "tôn giáo",
        "thành phần",
        "gia đình",
        "kinh tế",
        "nước ngoài",
        "sức khỏe",
        "tài sản",
        "lịch sử bản thân",
    )
    for contract in load_contracts().values():
        for p in contract.properties:
            assert p.classification in {"P0", "P1", "P2", "P3"}, p.name
            assert not any(word in p.business_name.lower() for word in forbidden), p.name


@pytest.mark.parametrize(
    ("old", "new", "field", "said"),
    [
        ("logicalType: string", "logicalType: text", "member.source_key", "is not one of"),
        ("classification: P2", "classification: X", "member.full_name", "class X"),
        ("severity: warning", "severity: fatal", "member.sex.MEM-005", "severity is error or warning"),
        ("id: MEM-003", "id: MEM-001", "member.full_name.MEM-001", "stand once"),
        ("value: MEM_STATUS", "value: NO_SUCH_LIST", "member.status", "not in the seed"),
        ("recordKind, value: member", "recordKind, value: people", "member", "recordKind must be one of"),
        ("description: 'Thiếu giới tính.'", "name: x", "member.sex.x", "Vietnamese sentence"),
    ],
)
def test_a_broken_contract_is_refused_with_file_line_and_field(
    tmp_path: Path, old: str, new: str, field: str, said: str
) -> None:
    text = (CONTRACTS / "member.odcs.yaml").read_text(encoding="utf-8")
    assert old in text
    broken = tmp_path / "member.odcs.yaml"
    broken.write_text(text.replace(old, new, 1), encoding="utf-8")
    line = text[: text.index(old)].count("\n") + 1
    found = problems(broken)
    assert found
    file, at, named, rest = found[0].split(":", 3)
    assert (file, int(at), named) == ("member.odcs.yaml", line, f" {field}")
    assert said in rest
    with pytest.raises(ContractError, match=r"member\.odcs\.yaml"):
        load_contract(broken)


def test_yaml_that_is_not_yaml_names_the_line(tmp_path: Path) -> None:
    broken = tmp_path / "member.odcs.yaml"
    broken.write_text("apiVersion: v3.2.0\nschema: [\n", encoding="utf-8")
    assert problems(broken)[0].startswith("member.odcs.yaml:3")


def test_a_missing_contract_is_named(tmp_path: Path) -> None:
    for file in CONTRACTS.glob("*.odcs.yaml"):
        if file.stem != "award.odcs":
            (tmp_path / file.name).write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(ContractError, match="award"):
        load_contracts(tmp_path)
