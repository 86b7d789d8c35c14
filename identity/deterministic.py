"""Evidence that needs no probability: shared documents that the names or births bear out.

Rules, all set-based over `candidate_record`:
- personal_id: the same 12-digit number, and the same name or the same full birth date;
- old_party_card_no, old_identity_no: the same number, the same name and the same full birth date.
A number that two records share without agreeing in either is a conflict for review, never evidence.
"""

from __future__ import annotations

import psycopg
from psycopg.types.json import Jsonb

RULE_VERSION = "deterministic-1"
WEIGHTS = {"personal_id": 1.0, "old_party_card_no": 0.95, "old_identity_no": 0.95}
#: A number on more records than this is nobody's: it says nothing of any pair.
MANY = 50

_AGREES = "(a.name_key = b.name_key or a.birth_date = b.birth_date)"

_FIND = f"""
create temporary table found_evidence on commit drop as
with used_numbers as (
    select personal_id from candidate_record where personal_id is not null
    group by personal_id having count(*) between 2 and {MANY}
)
select a.record_no as left_no, b.record_no as right_no, 'personal_id' as method
from used_numbers
inner join candidate_record as a on used_numbers.personal_id = a.personal_id
inner join candidate_record as b on used_numbers.personal_id = b.personal_id and a.record_no < b.record_no
where {_AGREES}
union all
select a.record_no, b.record_no, 'old_party_card_no'
from candidate_record as a
inner join candidate_record as b
    on a.old_party_card_no = b.old_party_card_no and a.name_key = b.name_key and a.birth_date = b.birth_date
    and a.record_no < b.record_no
union all
select a.record_no, b.record_no, 'old_identity_no'
from candidate_record as a
inner join candidate_record as b
    on a.old_identity_no = b.old_identity_no and a.name_key = b.name_key and a.birth_date = b.birth_date
    and a.record_no < b.record_no
"""

_PAIRS = """
create temporary table found_pair on commit drop as
select
    a.source as left_source, a.record as left_record, a.source_key as left_key,
    b.source as right_source, b.record as right_record, b.source_key as right_key, found.method
from found_evidence as found
inner join candidate_record as a on found.left_no = a.record_no
inner join candidate_record as b on found.right_no = b.record_no
"""

_PAIR_COLUMNS = "left_source, left_record, left_key, right_source, right_record, right_key"

_WITHDRAW = """
update identity.evidence as standing set withdrawn_at = clock_timestamp()
from candidate_record as a, candidate_record as b
where standing.withdrawn_at is null and standing.decided_by = 'rule' and standing.method = any(%s)
    and (standing.left_source, standing.left_record, standing.left_key) = (a.source, a.record, a.source_key)
    and (standing.right_source, standing.right_record, standing.right_key) = (b.source, b.record, b.source_key)
    and not exists (
        select 1 from found_evidence as found
        where found.left_no = a.record_no and found.right_no = b.record_no and found.method = standing.method
    )
"""

_ADD = f"""
insert into identity.evidence ({_PAIR_COLUMNS}, method, weight, rule_version)
select {_PAIR_COLUMNS}, found.method, (%s::jsonb ->> found.method)::numeric, %s
from found_pair as found
on conflict ({_PAIR_COLUMNS}, method) where withdrawn_at is null do nothing
"""

_CONFLICTS = f"""
create temporary table found_conflict on commit drop as
with shared as (
    select personal_id, count(*) as records, min(record_no) as first_no
    from candidate_record where personal_id is not null group by personal_id having count(*) > 1
)
select
    a.source as left_source, a.record as left_record, a.source_key as left_key,
    b.source as right_source, b.record as right_record, b.source_key as right_key,
    case when shared.records > {MANY} then 'number_of_many' else 'number_of_two_people' end as reason
from shared
inner join candidate_record as a
    on shared.personal_id = a.personal_id and (shared.records <= {MANY} or a.record_no = shared.first_no)
inner join candidate_record as b on shared.personal_id = b.personal_id and a.record_no < b.record_no
inner join record_cluster as a_cluster on a.record_no = a_cluster.record_no
inner join record_cluster as b_cluster on b.record_no = b_cluster.record_no
where a_cluster.cluster_no <> b_cluster.cluster_no
"""

_RESOLVE = """
update identity.conflict as standing set resolved_at = clock_timestamp()
where standing.resolved_at is null and not exists (
    select 1 from found_conflict as found
    where (found.left_source, found.left_record, found.left_key)
        = (standing.left_source, standing.left_record, standing.left_key)
        and (found.right_source, found.right_record, found.right_key)
        = (standing.right_source, standing.right_record, standing.right_key)
        and found.reason = standing.reason
)
"""

_REPORT = f"""
insert into identity.conflict ({_PAIR_COLUMNS}, reason)
select {_PAIR_COLUMNS}, reason from found_conflict
on conflict ({_PAIR_COLUMNS}, reason) where resolved_at is null do nothing
"""


def refresh_evidence(connection: psycopg.Connection) -> tuple[int, int]:
    """Bring the evidence of these rules up to date with `candidate_record`; returns (added, withdrawn).

    Evidence about a record that is not delivered now stands as it was, for the record's return.
    """
    connection.execute(_FIND)
    connection.execute(_PAIRS)
    connection.execute("analyze found_evidence")
    withdrawn = connection.execute(_WITHDRAW, [list(WEIGHTS)]).rowcount
    added = connection.execute(_ADD, [Jsonb(WEIGHTS), RULE_VERSION]).rowcount
    return added, withdrawn


def refresh_conflicts(connection: psycopg.Connection) -> int:
    """Write down pairs that share an id number yet stand in different clusters; returns how many there are now."""
    found = connection.execute(_CONFLICTS).rowcount
    connection.execute(_RESOLVE)
    connection.execute(_REPORT)
    return found
