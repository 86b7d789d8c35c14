"""What contradicts itself and only a source can set right, as pairs of records in identity.conflict.

- number_of_two_people, number_of_many: records share a personal id and are different persons; where more than
  MOST_HOLDERS_IN_PAIRS do, each is told against the first only;
- mistyped_number, second_number: a record carries a valid personal id that is not the one that stands for its person,
  told against the record whose id does;
- key_of_another_person: a key was given to somebody else (found by `identity.person_ids`).

For each person one valid id stands: the one that most of its records carry, then most sources, then most party cards
(new ones bear the personal id), then the record first in the order of survivorship (authority of the source for
personal ids, recency, source, record, key). Every other valid id is judged: a slip of it, as the guards of
`identity.clustering` demand, or a second number that a steward's decision brought in. So no person has two, and models
publish the one that stands.
"""

from __future__ import annotations

import psycopg

#: A number on more records than this is nobody's: its conflicts are told against its first holder only.
MOST_HOLDERS_IN_PAIRS = 50

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
select {_PAIR_COLUMNS}, reason from {{found}}
on conflict ({_PAIR_COLUMNS}, reason) where resolved_at is null do nothing
"""

#: Persons with several valid ids among what was clustered, and those of records judged before or under a new key:
#: recency and authority may change what stands where nothing that linkage compares does.
_SEVERAL_IDS = """
create temporary table person_of_several_ids on commit drop as
select person_id from (
    select cluster_no from record_cluster inner join candidate_record using (record_no)
    where personal_id is not null group by cluster_no having min(personal_id) <> max(personal_id)
) as found inner join cluster_person using (cluster_no)
union
select link.person_id from identity.overruled_id
inner join identity.person_link as link using (source, record, source_key)
union
select link.person_id from new_key inner join identity.person_link as link using (source, record, source_key)
"""

_OVERRULED = """
create temporary table found_overruled on commit drop as
with said as materialized (
    select
        person_id, r.source, r.record, r.source_key, r.personal_id, r.party_card_no, r.batch,
        r.id_verdict = 'valid' as is_valid
    from person_of_several_ids
    inner join identity.person_link as link using (person_id)
    inner join identity.linkage_record as r using (source, record, source_key)
    where r.present
), carried as (
    select
        person_id, personal_id, source, record, source_key,
        row_number() over (
            partition by person_id
            order by
                coalesce(
                    told.authority ->> (record || '.personal_id'), told.authority ->> record, '50'
                )::integer desc,
                batch.business_date desc nulls last, source, record, source_key
        ) as trust
    from said
    left join ops.source as told using (source)
    left join (select batch_id as batch, business_date from ops.batch) as batch using (batch)
    where is_valid
), on_card as (
    select person_id, party_card_no as personal_id, count(*) as cards
    from said where party_card_no is not null group by person_id, party_card_no
), standing as (
    select distinct on (person_id) person_id, personal_id, min(trust) as trust
    from carried left join on_card using (person_id, personal_id)
    group by person_id, personal_id
    order by person_id, count(*) desc, count(distinct source) desc, coalesce(max(cards), 0) desc, min(trust)
)
select
    c.source as left_source, c.record as left_record, c.source_key as left_key,
    s.source as right_source, s.record as right_record, s.source_key as right_key,
    case when identity.one_slip(c.personal_id, s.personal_id) then 'mistyped_number' else 'second_number' end as reason
from standing
inner join carried as s using (person_id, trust)
inner join carried as c on standing.person_id = c.person_id and standing.personal_id <> c.personal_id
"""

_RESOLVE_OVERRULED = """
update identity.conflict as standing set resolved_at = clock_timestamp()
from identity.overruled_id as overruled
left join found_overruled as found on
    (overruled.source, overruled.record, overruled.source_key) = (found.left_source, found.left_record, found.left_key)
    and (overruled.standing_source, overruled.standing_record, overruled.standing_key, overruled.reason)
    = (found.right_source, found.right_record, found.right_key, found.reason)
where standing.conflict_id = overruled.conflict_id and found.reason is null
"""


def refresh_conflicts(connection: psycopg.Connection, *, everything: bool = False) -> int:
    """Bring identity.conflict up to date with the persons as they are now; returns how many of numbers stand.

    Looks at what is `affected`, at `touched_number` and at records under a `new_key`.
    """
    _refresh_shared_numbers(connection, everything=everything)
    _refresh_overruled_ids(connection)
    connection.execute(_RESOLVE_KEYS)
    row = connection.execute(
        "select count(*) from identity.conflict where resolved_at is null and reason <> 'key_of_another_person'"
    ).fetchone()
    assert row is not None
    return int(row[0])


def _refresh_shared_numbers(connection: psycopg.Connection, *, everything: bool) -> None:
    """Pairs that share an id number yet are different persons; with `everything` those numbers are touched."""
    connection.execute("analyze affected")
    connection.execute(_ASKED_NUMBERS, [everything])
    connection.execute("analyze asked_number")
    connection.execute(_HOLDERS)
    connection.execute("delete from holder where holders = 1")
    connection.execute("create index on holder (personal_id); analyze holder")
    connection.execute(_CONFLICTS, {"many": MOST_HOLDERS_IN_PAIRS})
    connection.execute(_RESOLVE)
    connection.execute(_REPORT.format(found="found_conflict"))


def _refresh_overruled_ids(connection: psycopg.Connection) -> None:
    """Records whose valid id is not the one that stands for their person."""
    connection.execute(_SEVERAL_IDS)
    connection.execute("analyze person_of_several_ids")
    connection.execute(_OVERRULED)
    connection.execute(_RESOLVE_OVERRULED)
    connection.execute(_REPORT.format(found="found_overruled"))
