"""Great Expectations and the counting SQL say the same of every rule of every contract, on hostile data."""

from __future__ import annotations

import json
import os
import random
import re
from dataclasses import replace

import psycopg
import pytest
from psycopg import sql

from expectations import faults, gate, suites
from expectations.faults import RuleCount
from sources import landing, partitions
from sources.accept import accept
from sources.contract import RECORDS, Contract, load_contracts
from sources.landing import BatchTables
from tests.intake_world import good_row, hostile_rows, land, load_prefixes, source_of

SOURCE = "38"


@pytest.fixture
def judged(warehouse: psycopg.Connection, request: pytest.FixtureRequest) -> tuple[Contract, BatchTables]:
    """A typed hostile batch whose keys are partly known in raw."""
    load_prefixes(warehouse)
    warehouse.autocommit = True
    contract = load_contracts()[request.param]
    mapping = source_of(contract.record).records[contract.record]
    before = [good_row(contract, f"K{i}", personal_id=None, birth_date="01/02/1950") for i in range(40)]
    for batch_id, rows in enumerate((before, hostile_rows(contract, 120)), start=1):
        tables = BatchTables.of(contract.record, batch_id)
        landing.create_landing(warehouse, contract, tables)
        land(warehouse, contract, landing.table_name(tables.landing), rows)
        statement = landing.typing_statement(warehouse, contract, mapping, tables)
        partitions.type_rows(warehouse, contract, statement, tables, source=SOURCE, batch_id=batch_id)
        faults.find(warehouse, contract, mapping, tables, SOURCE)
        if batch_id == 1:
            with warehouse.transaction():
                accept(warehouse, contract, tables, source=SOURCE, batch_id=1, mode="snapshot", delivered=len(rows))
                partitions.attach(warehouse, contract, tables, SOURCE)
    return contract, tables


def _fared(warehouse: psycopg.Connection, contract: Contract, tables: BatchTables) -> list[RuleCount]:
    """How the rules fared on the typed rows."""
    found = warehouse.execute(sql.SQL("select count(*) from {}").format(tables.typed)).fetchone()
    assert found
    mapping = source_of(contract.record).records[contract.record]
    return faults.count(warehouse, contract, mapping, tables, source=SOURCE, checked=found[0])


def _allowing(one: RuleCount, rows: int) -> RuleCount:
    """The same rule, allowed to be broken by exactly `rows` rows."""
    return replace(one, waived=rows - faults.allowed(one.rule, one.checked))


@pytest.mark.parametrize("judged", RECORDS, indirect=True)
def test_verdicts_turn_exactly_at_the_count(
    warehouse: psycopg.Connection, warehouse_url: str, judged: tuple[Contract, BatchTables]
) -> None:
    contract, tables = judged
    fared = _fared(warehouse, contract, tables)
    assert [one.rule for one in fared] == list(contract.rules)

    just = gate.suite_of(warehouse, contract, [_allowing(one, one.failed) for one in fared], tables)
    said = gate.verdicts(warehouse_url, just, tables)
    assert {rule: verdict.passed for rule, verdict in said.items()} == {one.rule.rule_id: True for one in fared}
    assert {rule: v.failed for rule, v in said.items() if v.failed is not None}.items() <= {
        one.rule.rule_id: one.failed for one in fared
    }.items()

    broken = [one for one in fared if one.failed]
    assert broken, "hostile data must break something"
    short = gate.suite_of(warehouse, contract, [_allowing(one, max(one.failed - 1, 0)) for one in fared], tables)
    verdicts = gate.verdicts(warehouse_url, short, tables)
    assert {one.rule.rule_id for one in broken} == {rule for rule, verdict in verdicts.items() if not verdict.passed}


@pytest.mark.parametrize("judged", ["member"], indirect=True)
def test_no_value_leaves_the_gate(
    warehouse: psycopg.Connection,
    warehouse_url: str,
    judged: tuple[Contract, BatchTables],
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    contract, tables = judged
    fared = _fared(warehouse, contract, tables)
    made = gate.suite_of(warehouse, contract, fared, tables)
    gate.verdicts(warehouse_url, made, tables)
    heard = "".join(capfd.readouterr()) + caplog.text + json.dumps(made.to_json_dict(), ensure_ascii=False)
    assert "Lê Thị 7" not in heard
    assert "Calculating Metrics" not in heard


@pytest.mark.parametrize("judged", ["agency"], indirect=True)
def test_what_cannot_be_judged_is_a_fault_of_ours_that_names_no_value(
    warehouse: psycopg.Connection, warehouse_url: str, judged: tuple[Contract, BatchTables]
) -> None:
    contract, tables = judged
    made = gate.suite_of(warehouse, contract, _fared(warehouse, contract, tables), tables)
    warehouse.execute(sql.SQL("drop view {}").format(tables.judged))
    warehouse.execute(sql.SQL("create view {} as select 'Lê Thị 7' as source_key").format(tables.judged))
    with pytest.raises(gate.GateError, match="could not judge AGY-") as caught:
        gate.verdicts(warehouse_url, made, tables)
    assert "Lê Thị 7" not in str(caught.value)


def test_great_expectations_tells_nobody() -> None:
    from expectations.context import context

    assert os.environ["GX_ANALYTICS_ENABLED"] == "false"
    assert context().variables.analytics_enabled is False


def test_key_reused_for_another_person_is_an_alarm() -> None:
    rules = [r for c in load_contracts().values() for r in c.rules]
    alarms = {r.rule_id for r in rules if r.alarm}
    assert alarms == {r.rule_id for r in rules if "identity.another_person" in r.predicate}
    assert all(r.needs_previous for r in rules if r.alarm)


@pytest.mark.parametrize("record", RECORDS)
def test_suite_and_contract_name_the_same_rules(record: str) -> None:
    contract = load_contracts()[record]
    fared = [RuleCount(rule, 100, 0) for rule in contract.rules]
    values = dict.fromkeys(suites.counted_columns(contract.rules), 100)
    made = suites.suite(contract, fared, values, "landing.nothing")
    metas = [(e.meta["rule_id"], e.meta["severity"]) for e in made.expectations]
    assert metas == [(r.rule_id, r.severity) for r in contract.rules]


def test_rule_ids_stand_once_and_are_grouped() -> None:
    ids = [rule.rule_id for contract in load_contracts().values() for rule in contract.rules]
    assert len(ids) == len(set(ids))
    prefixes = {c.record: {r.rule_id[:3] for r in c.rules} for c in load_contracts().values()}
    assert all(len(found) == 1 for found in prefixes.values())


@pytest.mark.parametrize(("rows", "most"), [(10, 2), (100, 2), (1000, 20), (149, 2)])
def test_small_batches_are_judged_as_a_hundred_rows(rows: int, most: int) -> None:
    rule = next(r for r in load_contracts()["member"].rules if r.rule_id == "MEM-003")
    assert rule.tolerance == 2
    assert RuleCount(rule, rows, most).within_tolerance
    assert not RuleCount(rule, rows, most + 1).within_tolerance


def test_cheap_tests_replace_the_patterns_of_the_contracts() -> None:
    for contract in load_contracts().values():
        for rule in contract.rules:
            if (
                rule.pattern
                and re.search(r"\\d\{", rule.pattern)
                and "V" not in rule.pattern
                and "-" not in rule.pattern
            ):
                assert "is_digits" in faults.predicate(rule, "t"), rule.rule_id


@pytest.mark.parametrize("pattern", faults.CHEAP)
def test_a_cheap_test_says_what_its_pattern_says(warehouse: psycopg.Connection, pattern: str) -> None:
    rng = random.Random(1)
    whole = ["012345678901", "123456789", "12345678", "12345", "12", "38.001.001.000.001", "Lê Thị An", "Y H"]
    texts = set(whole)
    while len(texts) < 5_000:
        signs = list(rng.choice(whole))
        for _ in range(rng.randint(1, 3)):
            at = rng.randint(0, len(signs))
            signs[at : at + rng.randint(0, 2)] = rng.choice(
                ["", " ", "0", "9", ".", "Đ", "\n", "\u00a0", "٣", "-", "'", "+"]
            )
        texts.add("".join(signs))
    found = warehouse.execute(
        f"select t ~ %s as matches, {faults.CHEAP[pattern].format('t')} as cheap, count(*)"
        " from unnest(%s::text []) as t group by 1, 2",
        [pattern, list(texts)],
    ).fetchall()
    assert {(matches, cheap) for matches, cheap, _ in found} == {(True, True), (False, False)}
