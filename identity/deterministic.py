"""Evidence that needs no probability: shared documents that the names or births bear out.

Rules, all set-based over `identity.linkage_record`, only for pairs that touch a record of `dirty`:
- personal_id: the same valid 12-digit number, and the same name or the same full birth date;
- old_party_card_no, old_identity_no: the same number, the same name and the same full birth date.
A number that two records share without being one person is a conflict for review, never evidence.
"""

from __future__ import annotations

import psycopg
from psycopg.types.json import Jsonb

RULE_VERSION = "deterministic-2"
#: Bits: what the number and what bears it out are worth together, less the odds against any two records.
WEIGHTS = {"personal_id": 60.0, "old_party_card_no": 55.0, "old_identity_no": 55.0}
#: A number on more records than this is nobody's: its conflicts are told against its first holder only.
MOST_HOLDERS_IN_PAIRS = 50

_SAME_BIRTH = "a.birth_date = b.birth_date and a.birth_precision = 'D' and b.birth_precision = 'D'"
_BORNE_OUT = {
    "personal_id": f"a.id_verdict = 'valid' and b.id_verdict = 'valid'"
    f" and (a.name_key = b.name_key or ({_SAME_BIRTH}))",
    "old_party_card_no": f"a.name_key = b.name_key and {_SAME_BIRTH}",
    "old_identity_no": f"a.name_key = b.name_key and {_SAME_BIRTH}",
}

_FIND = """
select least(a.record_id, b.record_id) as left_id, greatest(a.record_id, b.record_id) as right_id, '{number}' as method
from dirty
inner join identity.linkage_record as a on dirty.record_id = a.record_id
inner join identity.linkage_record as b on a.{number} = b.{number} and a.record_id <> b.record_id
left join dirty as too on b.record_id = too.record_id
where a.present and b.present and (too.record_id is null or a.record_id < b.record_id) and {borne_out}
"""

#: What stands about a record that is not delivered now waits for its return: then the record is dirty.
_WITHDRAW = """
with tonight as (
    select e.evidence_id, e.left_id, e.right_id, e.method, e.weight, e.rule_version
    from dirty inner join identity.evidence as e on e.left_id = dirty.record_id
    where e.withdrawn_at is null and e.method = any(%(methods)s)
    union
    select e.evidence_id, e.left_id, e.right_id, e.method, e.weight, e.rule_version
    from dirty inner join identity.evidence as e on e.right_id = dirty.record_id
    where e.withdrawn_at is null and e.method = any(%(methods)s)
),
withdrawn as (
    update identity.evidence as standing set withdrawn_at = clock_timestamp()
    from tonight
    inner join identity.linkage_record as a on tonight.left_id = a.record_id and a.present
    inner join identity.linkage_record as b on tonight.right_id = b.record_id and b.present
    where standing.evidence_id = tonight.evidence_id and not exists (
        select 1 from {found} as found
        where found.left_id = tonight.left_id and found.right_id = tonight.right_id
            and found.method = tonight.method and tonight.rule_version = %(version)s {same}
    )
    returning standing.left_id, standing.right_id
)
insert into touched_pair select left_id, right_id from withdrawn
"""

_ADD = """
with added as (
    insert into identity.evidence (left_id, right_id, method, weight, rule_version)
    select left_id, right_id, method, (%s::jsonb ->> method)::double precision, %s from found_evidence
    on conflict (left_id, right_id, method) where withdrawn_at is null do nothing
    returning left_id, right_id
)
insert into touched_pair select left_id, right_id from added
"""

_ASKED_NUMBERS = """
create temporary table asked_number on commit drop as
select r.personal_id from affected
inner join identity.linkage_record as r using (record_id) where r.personal_id is not null and not %s
union
select number from touched_number where kind = 'personal_id'
"""

_HOLDERS = """
create temporary table holder on commit drop as
select
    r.source, r.record, r.source_key, r.personal_id, l.person_id,
    count(*) over (partition by r.personal_id) as holders,
    row_number() over (
        partition by r.personal_id order by r.source collate "C", r.record collate "C", r.source_key collate "C"
    ) as place
from asked_number
inner join identity.linkage_record as r on asked_number.personal_id = r.personal_id
inner join identity.person_link as l using (source, record, source_key)
where r.present and r.id_verdict not in ('malformed', 'placeholder')
"""

_CONFLICTS = """
create temporary table found_conflict on commit drop as
select
    a.source as left_source, a.record as left_record, a.source_key as left_key,
    b.source as right_source, b.record as right_record, b.source_key as right_key,
    case when a.holders > %(many)s then 'number_of_many' else 'number_of_two_people' end as reason
from holder as a
inner join holder as b
    on a.personal_id = b.personal_id and a.place < b.place and (a.holders <= %(many)s or a.place = 1)
where a.person_id <> b.person_id
"""

_RESOLVE = """
update identity.conflict as standing set resolved_at = clock_timestamp()
where standing.resolved_at is null and standing.reason like 'number_%%' and not exists (
    select 1
    from identity.linkage_record as a
    inner join identity.linkage_record as b on a.personal_id = b.personal_id
    inner join identity.person_link as la on (a.source, a.record, a.source_key) = (la.source, la.record, la.source_key)
    inner join identity.person_link as lb on (b.source, b.record, b.source_key) = (lb.source, lb.record, lb.source_key)
    where a.present and b.present and la.person_id <> lb.person_id
        and (a.source, a.record, a.source_key) = (standing.left_source, standing.left_record, standing.left_key)
        and (b.source, b.record, b.source_key) = (standing.right_source, standing.right_record, standing.right_key)
)
"""

#: The alarm of a key ends once its source delivers it no more.
_RESOLVE_KEYS = """
update identity.conflict as standing set resolved_at = clock_timestamp()
where standing.resolved_at is null and standing.reason = 'key_of_another_person' and not exists (
    select 1 from identity.linkage_record as r
    where r.present
        and (r.source, r.record, r.source_key) = (standing.left_source, standing.left_record, standing.left_key)
)
"""

_PAIR_COLUMNS = "left_source, left_record, left_key, right_source, right_record, right_key"
_REPORT = f"""
insert into identity.conflict ({_PAIR_COLUMNS}, reason)
select {_PAIR_COLUMNS}, reason from found_conflict
on conflict ({_PAIR_COLUMNS}, reason) where resolved_at is null do nothing
"""


def refresh_evidence(connection: psycopg.Connection) -> tuple[int, int]:
    """Bring the evidence of these rules up to date for `dirty` records; returns (added, withdrawn).

    Pairs whose evidence changed go to `touched_pair`. Evidence about a record that is not delivered now
    stands as it was, for the record's return.
    """
    found = " union all ".join(_FIND.format(number=n, borne_out=b) for n, b in _BORNE_OUT.items())
    connection.execute(f"create temporary table found_evidence on commit drop as {found}")
    connection.execute("create index on found_evidence (left_id); analyze found_evidence")
    withdrawn = withdraw_evidence(connection, list(WEIGHTS), "found_evidence", RULE_VERSION)
    added = connection.execute(_ADD, [Jsonb(WEIGHTS), RULE_VERSION]).rowcount
    return added, withdrawn


def withdraw_evidence(
    connection: psycopg.Connection, methods: list[str], found: str, version: str, same: str = ""
) -> int:
    """Withdraw standing evidence of `methods` about dirty records that table `found` does not have; returns how much.

    What another version of the rules or of the model found is withdrawn too: it is found anew, or falls.
    """
    values = {"methods": methods, "version": version}
    return connection.execute(_WITHDRAW.format(found=found, same=same), values).rowcount


def refresh_conflicts(connection: psycopg.Connection, *, everything: bool = False) -> int:
    """Write down pairs that share an id number yet are different persons; returns how many stand.

    With `everything` the numbers of several records are known already.
    """
    connection.execute("analyze affected")
    connection.execute(_ASKED_NUMBERS, [everything])
    connection.execute("analyze asked_number")
    connection.execute(_HOLDERS)
    connection.execute("delete from holder where holders = 1")
    connection.execute("create index on holder (personal_id); analyze holder")
    connection.execute(_CONFLICTS, {"many": MOST_HOLDERS_IN_PAIRS})
    connection.execute(_RESOLVE)
    connection.execute(_RESOLVE_KEYS)
    connection.execute(_REPORT)
    row = connection.execute(
        "select count(*) from identity.conflict where resolved_at is null and reason like 'number_%'"
    ).fetchone()
    assert row is not None
    return int(row[0])
