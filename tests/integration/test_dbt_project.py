"""The dbt project on a small country: constraints are real, nothing is lost, ids stay, one moment in history."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Json

from identity.step import link_persons
from orchestration.dbt import DBT_PROJECT, DbtError, dbt_environment, run_dbt
from orchestration.reference import load_reference
from orchestration.relations import expected_constraints, load_manifest, published_relations
from orchestration.settings import Settings
from orchestration.warehouse import connect
from sources.contract import RECORDS
from sources.text.vietnamese import sort_key
from tests.conftest import remember_models
from tests.integration.small_world import fill
from tests.raw_rows import say, withdraw

NIGHT = date(2026, 11, 22)
MODELS = ["build", "--exclude", "resource_type:seed", "resource_type:snapshot"]


class World:
    """A warehouse filled with the small country, and dbt to build it."""

    def __init__(self, url: str, home: Path) -> None:
        self.settings = Settings(home=home, database_url=url, registry=home)
        self.environment = dbt_environment(self.settings, url, NIGHT)
        self.connection = connect(url, autocommit=True)

    def build(self, *more: str) -> None:
        link_persons(self.connection, NIGHT)
        run_dbt([*MODELS, *more], self.environment)

    def snapshot(self, moment: datetime) -> None:
        self.connection.execute(
            "insert into ops.release (moment, business_date, run_id) values (%s, %s, 'test')", [moment, NIGHT]
        )
        try:
            run_dbt(["snapshot"], self.environment)
        finally:
            self.connection.execute("update ops.release set state = 'failed' where state = 'building'")

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(query).fetchall()  # type: ignore[call-overload,no-any-return]

    def one(self, query: str) -> Any:
        return self.rows(query)[0][0]

    def ids(self) -> dict[str, set[str]]:
        return {
            f"{r.candidate_schema}.{r.candidate_name}": {
                str(key) for (key,) in self.rows(f"select {r.key}::text from {r.candidate_schema}.{r.candidate_name}")
            }
            for r in published_relations(self.manifest)
        }

    @property
    def manifest(self) -> dict[str, Any]:
        return load_manifest(Path(self.environment["DBT_TARGET_PATH"]) / "manifest.json")


@pytest.fixture(scope="module")
def world(models_url: str, parsed_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    home = tmp_path_factory.mktemp("dbt")
    remember_models(parsed_models, home)
    made = World(models_url, home)
    list(load_reference(made.connection))
    fill(made.connection)
    made.build()
    yield made
    made.connection.close()


def test_foreign_keys_take_their_locks_in_one_order(world: World) -> None:
    """In that of the names they refer to: models built at the same time that differed would wait for each other.

    A relation that refers to itself is seen by nobody else while it is built.
    """
    taken = world.rows(
        """
        select conrelid::regclass::text, array_agg(confrelid::regclass::text order by oid)
        from pg_constraint
        where contype = 'f' and conrelid <> confrelid and connamespace in ('core'::regnamespace, 'marts'::regnamespace)
        group by conrelid
        """
    )
    assert max(len(set(names)) for _, names in taken) > 2
    assert [(relation, names) for relation, names in taken if names != sorted(names)] == []


def test_every_constraint_of_a_contract_exists_in_postgresql(world: World) -> None:
    found = {
        (relation, kind, tuple(columns), target)
        for relation, kind, columns, target in world.rows(
            """
            select c.conrelid::regclass::text, c.contype::text, array_agg(a.attname::text order by k.position),
                nullif(c.confrelid, 0)::regclass::text
            from pg_constraint as c
            cross join unnest(c.conkey) with ordinality as k (number, position)
            inner join pg_attribute as a on a.attrelid = c.conrelid and a.attnum = k.number
            where c.contype in ('p', 'f', 'u', 'x') group by c.oid
            """
        )
    }
    promised = expected_constraints(world.manifest)
    assert {c.kind for c in promised} == {"p", "f", "x"}
    for c in promised:
        assert (f"{c.schema}.{c.relation}", c.kind, c.columns, c.refers_to) in found, str(c)
    assert (
        world.one("select count(*) from pg_indexes where schemaname = 'core' and indexdef like '%WHERE is_current'")
        == 1
    )


@pytest.mark.parametrize(
    ("relation", "where", "changed"),
    [
        ("administrative_unit", "level = 'commune'", {"administrative_unit_id": "another"}),
        ("dated_rule", "true", {"dated_rule_id": str(uuid.uuid4())}),
        (
            "party_organisation",
            "valid_from is not null",
            {"organisation_id": str(uuid.uuid4()), "valid_to": "2100-01-01"},
        ),
        (
            "party_membership",
            "is_current and valid_from is not null",
            {"membership_id": str(uuid.uuid4()), "standing": "DA_CHUYEN", "is_current": False},
        ),
        ("position_assignment", "is_head_in_force", {"assignment_id": str(uuid.uuid4())}),
        ("employment_spell", "started_on is not null", {"employment_spell_id": str(uuid.uuid4())}),
        ("retirement_age", "true", {"retirement_age_id": str(uuid.uuid4())}),
        ("code_list", "list_code = 'SEX'", {"code_list_id": str(uuid.uuid4())}),
        ("civil_service_rank", "true", {"civil_service_rank_id": str(uuid.uuid4())}),
    ],
)
def test_the_database_refuses_two_that_count_on_one_day(
    world: World, relation: str, where: str, changed: dict[str, Any]
) -> None:
    again = (
        f"insert into core.{relation} select (jsonb_populate_record(kept, %s::jsonb || jsonb_build_object('validity',"
        f" daterange({{}}, {{}})))).* from core.{relation} as kept where {where} limit 1"
    )
    first = "lower(kept.validity)"
    with world.connection.transaction(force_rollback=True):
        placed = world.connection.execute(again.format(f"{first} - 1", first), [Json(changed)])  # type: ignore[arg-type]
        assert placed.rowcount == 1
    with pytest.raises(psycopg.errors.ExclusionViolation), world.connection.transaction(force_rollback=True):
        world.connection.execute(again.format(first, f"{first} + 1"), [Json(changed)])  # type: ignore[arg-type]


def test_the_database_refuses_two_quotas_of_one_agency_on_one_day(world: World) -> None:
    """A total to be handed on is not posts of the agency, and may stand beside them."""
    again = (
        "insert into core.staffing_quota select (jsonb_populate_record(kept, %s::jsonb)).*"
        " from core.staffing_quota as kept where source_key = 'q2'"
    )
    beside = {"quota_id": str(uuid.uuid4())}
    with world.connection.transaction(force_rollback=True):
        assert world.connection.execute(again, [Json(beside | {"is_total": True})]).rowcount == 1
    with pytest.raises(psycopg.errors.ExclusionViolation), world.connection.transaction(force_rollback=True):
        world.connection.execute(again, [Json(beside)])


def test_rows_of_every_record_are_in_core_or_say_why_not(world: World) -> None:
    assert dict(world.rows("select record, count(*) from intermediate.int_unlinked_row group by record")) == {
        **dict.fromkeys(("organisation", "membership_transfer", "position_assignment"), 1),
        **dict.fromkeys(("planning", "training", "award", "discipline"), 1),
        "evaluation": 2,
    }
    for record in RECORDS:
        said = world.one(f"select count(*) from raw.{record} where last_batch is null")
        unlinked = world.one(f"select count(*) from intermediate.int_unlinked_row where record = '{record}'")
        relation = {"organisation": "party_organisation", "member": "party_membership"}.get(record, record)
        where = ""
        if record == "member":
            where = "where source_record = 'member'"
        if record == "membership_transfer":
            relation, where = "membership_movement", "where source_record = 'membership_transfer'"
        assert said == unlinked + world.one(f"select count(*) from core.{relation} {where}"), record


def test_what_cannot_be_resolved_stays_and_says_so(world: World) -> None:
    assert world.rows(
        "select source_key from core.party_membership where is_organisation_unresolved and organisation_id is null"
    ) == [("binh",)]
    assert world.rows("select source_key, agency_id from core.cadre where is_agency_unresolved") == [("dung", None)]
    assert world.rows("select source_key, agency_id from core.headcount where is_agency_unresolved") == [("h2", None)]


def test_the_classification_of_a_member_is_of_the_person_and_the_record_of_the_same_source(world: World) -> None:
    found = world.rows(
        """
        select m.source, m.source_key, e.person_id = m.person_id, e.cadre_id is null, e.organisation_code
        from core.evaluation as e inner join core.party_membership as m using (membership_id)
        where e.subject_kind = 'DANG_VIEN'
        """
    )
    assert found == [("38", "an", True, True, "38.001.001.000.001")]
    kinds = world.rows(
        "select group_kind, evaluated from marts.evaluation_distribution where period = '2025' order by 1"
    )
    assert kinds == [("CAN_BO", 1), ("DANG_VIEN", 1), ("TO_CHUC_DANG", 1)]


def test_a_member_in_two_sources_is_one_person_with_one_current_membership(world: World) -> None:
    spells = world.rows(
        """
        select m.source, m.standing, m.is_current, m.valid_from::text, m.valid_to::text
        from core.party_membership as m inner join core.person as p using (person_id)
        where p.personal_id = '099068000001' order by m.source
        """
    )
    assert spells == [
        ("38", "DA_CHUYEN", False, "2010-05-19", "2026-03-15"),
        ("40", "DANG_SINH_HOAT", True, "2026-03-15", None),
    ]
    assert world.one("select count(*) from core.person where record_count = 3 and source_count = 2") == 1


@pytest.mark.parametrize("province", ["38", "40"])
def test_members_before_with_those_who_came_less_those_who_went_are_members_after(world: World, province: str) -> None:
    present = (
        "select count(*) from core.party_membership where standing not in ('TRUNG_KHAI', 'CHO_TIEP_NHAN')"
        f" and organisation_code like '{province}%' and validity @> date "
    )
    moved = (
        "select count(*) from core.membership_movement where is_counted and moved_on between '2026-01-01' and"
        " '2026-06-30' and left({}_organisation_code, 2) = '{}'"
        " and left(from_organisation_code, 2) is distinct from left(to_organisation_code, 2)"
    )
    opening, closing = world.one(present + "'2025-12-31'"), world.one(present + "'2026-06-30'")
    came, went = (world.one(moved.format(side, province)) for side in ("to", "from"))
    assert came + went > 0
    assert opening + came - went == closing


def test_an_accepted_transfer_stands_for_the_record_that_one_side_lacks(world: World) -> None:
    spells = world.rows(
        """
        select m.source_record, m.source_key, left(m.organisation_code, 2), m.standing, m.valid_from::text,
            m.valid_to::text, m.status
        from core.party_membership as m inner join core.person as p using (person_id)
        where p.full_name in ('Hồ Đi', 'Đỗ Đến') order by p.full_name collate "C", m.valid_from
        """
    )
    assert spells == [
        ("member", "sent", "38", "DA_CHUYEN", "2010-05-19", "2026-03-15", "CHUYEN_DI_NGOAI"),
        ("membership_transfer", "t4", "40", "DANG_SINH_HOAT", "2026-03-15", None, "CHINH_THUC"),
        ("membership_transfer", "t5", "38", "DA_CHUYEN", "2010-05-19", "2026-03-15", "CHINH_THUC"),
        ("member", "came", "40", "DANG_SINH_HOAT", "2026-03-15", None, "CHINH_THUC"),
    ]


def test_persons_sort_by_given_name_in_vietnamese_order(world: World) -> None:
    in_order = [n for (n,) in world.rows('select full_name from core.person order by sort_key collate "C", full_name')]
    assert len(set(in_order)) > 3
    assert in_order == sorted(in_order, key=lambda name: (sort_key(name), name))


def test_the_tree_answers_subtree_queries_by_prefix(world: World) -> None:
    below = world.rows(
        """
        select o.organisation_code, o.regime, o.province_code from core.party_organisation as o
        inner join core.party_organisation as root on o.path like root.path || '%' and root.organisation_type = 'T1'
        where root.source = '38' order by o.path
        """
    )
    assert below == [
        ("38.000.000.000.000", "AB", "38"),
        ("38.001.000.000.000", "B", "38"),
        ("38.001.001.000.001", "B", "38"),
    ]


def test_posts_and_retirement_are_figures_of_dates(world: World) -> None:
    balance = (
        "select assigned, present, difference, balance_state from marts.staffing_balance where not is_agency_unresolved"
    )
    assert world.rows(balance) == [(8, 9, 1, "THUA")]
    assert world.rows("select retires_on from core.cadre where source_key = 'an'") == [(date(2030, 2, 28),)]


def test_every_column_is_explained_in_the_database(world: World) -> None:
    silent = """
        select c.relname, a.attname from pg_class as c
        inner join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        where c.relnamespace in ('core'::regnamespace, 'marts'::regnamespace) and c.relkind = 'r'
            and (col_description(c.oid, a.attnum) is null or obj_description(c.oid) is null)
    """
    assert world.rows(silent) == []


def test_nothing_is_written_beside_the_models(world: World) -> None:
    assert not [n for n in ("target", "logs", "dbt_packages", ".user.yml") if (DBT_PROJECT / n).exists()]


def test_history_is_not_written_outside_a_publication(world: World) -> None:
    with pytest.raises(DbtError):
        run_dbt(["snapshot"], world.environment)


def test_ids_stay_and_history_moves_at_one_moment(world: World) -> None:
    first, second, third = (datetime(2026, 11, 22, 18, m, tzinfo=UTC) for m in (0, 1, 2))
    before = world.ids()
    world.snapshot(first)
    relations = [r.name for r in published_relations(world.manifest)]
    assert [name for name, ids in world.ids().items() if not ids] == []

    world.build("resource_type:test", "resource_type:unit_test")
    assert world.ids() == before
    world.snapshot(second)
    for name in relations:
        moments = f"select distinct dbt_valid_from, dbt_valid_to > '9999-01-01' from history.{name}"
        assert world.rows(moments) == [(first, True)], name

    say(world.connection, "headcount", "38", "h1", batch=2, agency_code="VP", present=7)
    withdraw(world.connection, "training", "38", "known", batch=2)
    say(world.connection, "award", "38", "new", batch=2, cadre_key="an")
    say(world.connection, "training", "38", "later", batch=2, cadre_key="an")
    touched = ("+staffing_balance", "+training", "+award")
    world.build("resource_type:test", "resource_type:unit_test", "--select", *touched)
    world.snapshot(third)
    balance = (
        "select balance_state, dbt_valid_from, dbt_valid_to from history.staffing_balance where agency_id is not null"
    )
    assert sorted(r for r in world.rows(balance) if r[0] != "CHUA_GIAO") == [
        ("THIEU", third, datetime(9999, 12, 31, tzinfo=UTC)),
        ("THUA", first, third),
    ]
    training = "select source_key, dbt_valid_from, dbt_valid_to from history.training order by 1"
    assert world.rows(training) == [("known", first, third), ("later", third, datetime(9999, 12, 31, tzinfo=UTC))]
    assert {m for n in relations for (m,) in world.rows(f"select distinct dbt_valid_from from history.{n}")} == {
        first,
        third,
    }


def test_two_provinces_with_an_open_transfer_are_one_person_and_a_standing_id_outweighs_authority(world: World) -> None:
    ha = {"full_name": "Ngô Hà", "birth_date": "1980-05-06", "old_party_card_no": "38004321"}
    spells = {"38": ("38.001.001.000.001", "099080718293"), "40": ("40.001.001.000.001", "099080718293")}
    for source, (cell, number) in spells.items():
        say(world.connection, "member", source, "ha", organisation_code=cell, personal_id=number, **ha)
    leaving = {"from_organisation_code": spells["38"][0], "to_organisation_code": spells["40"][0]}
    say(world.connection, "membership_transfer", "38", "ha", member_key="ha", state="GIOI_THIEU", **leaving)
    ngan = {"full_name": "Lưu Ngân", "birth_date": "1985-06-07", "old_party_card_no": "40001234"}
    say(world.connection, "member", "38", "ngan", personal_id="099075718294", political_theory="2", **ngan)
    say(world.connection, "cadre", "40", "ngan", personal_id="099085718294", political_theory="3", **ngan)
    tu = {"full_name": "Tạ Tú", "birth_date": "1972-08-09", "old_party_card_no": "38007654"}
    said = {"38/member/tu": "099072718296", "40/member/tu": "099072718295", "40/cadre/tu": "099072718295"}
    for name, number in said.items():
        source, record, key = name.split("/")
        say(world.connection, record, source, key, batch=2, personal_id=number, **tu)
    untested = ("resource_type:test", "resource_type:unit_test")
    world.build(*untested, "--select", "+party_membership", "+person_attribute", "+attribute_conflict")

    people = "select person_id from core.person where full_name = '{}'"
    (person,) = world.rows(people.format("Ngô Hà"))[0]
    assert len(world.rows(people.format("Ngô Hà"))) == len(world.rows(people.format("Lưu Ngân"))) == 1
    assert world.rows(
        f"select source, standing, is_current from core.party_membership where person_id = '{person}' order by source"
    ) == [("38", "DANG_SINH_HOAT", True), ("40", "CHO_TIEP_NHAN", False)]

    claimed = "select value, source, is_survivor, agrees, is_valid, authority from core.person_attribute"
    whose = f"where person_id in ({people.format('Lưu Ngân')}) and attribute ="
    assert world.rows(f"{claimed} {whose} 'personal_id' order by claim_rank") == [
        ("099085718294", "40", True, True, True, 60),
        ("099075718294", "38", False, False, False, 80),
    ]
    assert world.rows(f"{claimed} {whose} 'political_theory' order by claim_rank") == [
        ("2", "38", True, True, True, 80),
        ("3", "40", False, False, True, 60),
    ]
    whose = f"where person_id in ({people.format('Tạ Tú')}) and attribute ="
    assert world.rows(f"{claimed} {whose} 'personal_id' order by claim_rank") == [
        ("099072718295", "40", True, True, True, 70),
        ("099072718295", "40", False, True, True, 60),
        ("099072718296", "38", False, False, False, 80),
    ]
    assert world.rows("select personal_id from core.person where full_name = 'Tạ Tú'") == [("099072718295",)]
    run_dbt(["test", "--select", "a_person_has_one_standing_personal_id"], world.environment)
    judged = "select source || '/' || record, reason, standing_source || '/' || standing_record from identity.{}"
    assert world.rows(judged.format("overruled_id")) == [("38/member", "mistyped_number", "40/member")]

    counted = "select attribute, overruled from marts.attribute_conflict where overruled > 0 and source = "
    assert world.rows(f"{counted} '38' and record = 'member'") == [("personal_id", 2)]
    assert ("political_theory", 1) in world.rows(f"{counted} '40' and record = 'cadre'")


def test_a_merger_a_split_and_claims_that_overlap_come_through_and_nothing_is_lost(world: World) -> None:
    say_organisation = partial(say, world.connection, "organisation", "40")
    day = "2026-07-01"
    for code in ("40.101", "40.102", "40.103"):
        reason = "CHIA_TACH" if code == "40.103" else "HOP_NHAT"
        say_organisation(code, organisation_code=code, valid_from="2025-07-01", valid_to=day, end_reason=reason)
    say_organisation("merged", organisation_code="40.101", legacy_code="40.102", valid_from=day)
    for code in ("40.104", "40.105"):
        say_organisation(code, organisation_code=code, legacy_code="40.103", valid_from=day)
    for batch, name, decided in ((1, "Chi bộ A", "2020-01-02"), (2, "Chi bộ B", "2026-05-19")):
        say_organisation("named", batch=batch, organisation_code="40.106", name=name, decision_date=decided)
    say_organisation("late", organisation_code="40.104", valid_from="2025-07-01", valid_to="2026-07-02")
    lan = {"full_name": "Mạc Lan", "birth_date": "1981-06-07", "personal_id": "099181000002"}
    gone = {"status": "CHUYEN_DI_NGOAI", "status_date": "2020-03-15"}
    say(world.connection, "member", "38", "lan", organisation_code="38.001.001.000.001", **gone, **lan)
    say(world.connection, "member", "40", "lan", organisation_code="40.001.001.000.001", **lan)
    post = {"position_title": "Phụ trách ban", "agency_code": "VP", "is_head": True, "started_on": "2024-02-01"}
    say(world.connection, "position_assignment", "38", "second", cadre_key="an", **post)
    world.build(
        *("resource_type:test", "resource_type:unit_test"),
        *("--select", "+organisation_event", "+membership_movement", "+position_assignment"),
    )

    events = """
        select own.source_key, event.side, event.event_kind, other.source_key
        from core.organisation_event as event
        inner join core.party_organisation as own using (organisation_id)
        inner join core.party_organisation as other on event.counterpart_id = other.organisation_id
        order by 1, 2, 4
    """
    assert world.rows(events) == [
        ("40.101", "KET_THUC", "HOP_NHAT", "merged"),
        ("40.102", "KET_THUC", "HOP_NHAT", "merged"),
        ("40.103", "KET_THUC", "CHIA_TACH", "40.104"),
        ("40.103", "KET_THUC", "CHIA_TACH", "40.105"),
        ("40.104", "BAT_DAU", "CHIA_TACH", "40.103"),
        ("40.105", "BAT_DAU", "CHIA_TACH", "40.103"),
        ("merged", "BAT_DAU", "HOP_NHAT", "40.101"),
        ("merged", "BAT_DAU", "HOP_NHAT", "40.102"),
    ]
    changed = "select source_key, event_kind, happened_on from core.organisation_event where side = 'THAY_DOI'"
    assert world.rows(changed) == [("named", "DOI_TEN", date(2026, 5, 19))]
    assert world.rows("select source_key from core.party_organisation where is_overlapped") == [("late",)]
    assert world.rows(
        "select source, standing, validity::text from core.party_membership where source_key = 'lan' order by source"
    ) == [("38", "DA_CHUYEN", "[2010-05-19,2020-03-15)"), ("40", "DANG_SINH_HOAT", "[2020-03-15,)")]
    assert world.rows(
        "select movement_kind, left(from_organisation_code, 2), left(to_organisation_code, 2)"
        " from core.membership_movement where source_key = 'lan' and is_counted order by moved_on"
    ) == [("KET_NAP", None, "38"), ("CHUYEN_DI_NGOAI", "38", "40")]
    heads = "select source_key, is_head_in_force from core.position_assignment where head_post = 'CO_QUAN' order by 1"
    assert world.rows(heads) == [("post", False), ("second", True)]
