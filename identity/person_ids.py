"""From clusters to permanent ids: an id once given stays with its person through merges, splits and absences.

A link that a decision moved keeps the person it had without decisions (`own_person_id`). What decisions bring about
is always worked out from these, so that ids depend on which decisions stand, not on the order in which they were
made and undone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import psycopg

from identity.bulk import filling

_LINKS = """
insert into identity.person_link as link (source, record, source_key, person_id, method)
select candidate.source, candidate.record, candidate.source_key, cluster_person.person_id, cluster.method
from candidate_record as candidate
inner join record_cluster as cluster using (record_no)
inner join cluster_person using (cluster_no)
"""

_KEEP_LINKS = """
where not exists (
    select 1 from identity.person_link as held
    where (held.source, held.record, held.source_key) = (candidate.source, candidate.record, candidate.source_key)
        and (held.person_id, held.method) = (cluster_person.person_id, cluster.method)
)
on conflict (source, record, source_key) do update
set
    person_id = excluded.person_id, method = excluded.method,
    linked_at = case when link.person_id = excluded.person_id then link.linked_at else clock_timestamp() end,
    own_person_id = case when link.person_id = excluded.person_id then link.own_person_id else {own} end
"""

#: The person of a link as a night sees it, and as a decision does: without any decision, unless others hold that id.
_HELD_BY_NIGHT = "link.person_id"
_HELD_BY_DECISION = """
case
    when link.own_person_id is null or exists (
        select 1 from identity.person_link as held
        inner join identity.linkage_record as elsewhere using (source, record, source_key)
        left join candidate_record as here using (source, record, source_key)
        where held.person_id = link.own_person_id and elsewhere.present and here.record_no is null
    ) then link.person_id
    else link.own_person_id
end
"""
_OWN_BY_NIGHT = "null"
_OWN_BY_DECISION = "nullif(coalesce(link.own_person_id, link.person_id), excluded.person_id)"

#: How often one record can be the first of a person that a decision split off, for its ids to be found again.
_RETURNS = 100


@dataclass(frozen=True)
class IdChanges:
    """Ids newly given, and ids that now redirect to another."""

    new: int
    merged: int


def release_reused_keys(connection: psycopg.Connection, business_date: date) -> int:
    """Untie links whose source gave the record's key to another person; returns how many.

    Another person: the name differs from what the record said when it was read last, and nothing known agrees
    (identity.another_person, which the rule of intake asks too). Needs `changed_row` before identity.linkage_record
    is overwritten. Each is an alarm in identity.conflict.
    """
    return connection.execute(
        """
        with reused as (
            delete from identity.person_link as link
            using changed_row as present, identity.linkage_record as known
            where present.record_id = known.record_id
                and (link.source, link.record, link.source_key) = (known.source, known.record, known.source_key)
                and known.name_key <> present.name_key
                and identity.another_person(
                    array[known.name_key, known.other_name_key], array[present.name_key, present.other_name_key],
                    array[
                        known.personal_id, known.old_identity_no, known.party_card_no, known.old_party_card_no
                    ],
                    array[
                        present.personal_id, present.old_identity_no, present.party_card_no, present.old_party_card_no
                    ],
                    known.birth_date, known.birth_precision, present.birth_date, present.birth_precision,
                    known.admission_date, present.admission_date
                )
            returning link.source, link.record, link.source_key, link.person_id
        ),
        told as (
            insert into identity.person_event (kind, person_id, source, record, source_key, business_date)
            select 'record left', person_id, source, record, source_key, %s from reused
        )
        insert into identity.conflict (
            left_source, left_record, left_key, right_source, right_record, right_key, reason
        )
        select source, record, source_key, source, record, source_key, 'key_of_another_person' from reused
        on conflict (left_source, left_record, left_key, right_source, right_record, right_key, reason)
        where resolved_at is null do update set found_at = clock_timestamp()
        """,
        [business_date],
    ).rowcount


def assign_ids(connection: psycopg.Connection, business_date: date, decision_id: int | None = None) -> IdChanges:
    """Give every cluster of `record_cluster` its person id and write identity.person and identity.person_link.

    What becomes of ids given before is written to identity.person_event, with the decision that brought it about.
    """
    held = _HELD_BY_NIGHT if decision_id is None else _HELD_BY_DECISION
    _choose_standing_ids(connection, held)
    merged = _redirect_merged_ids(connection, business_date, decision_id)
    new = _give_new_ids(connection, held, business_date, decision_id)
    _note_moves(connection, business_date, decision_id)
    if decision_id is not None:
        _wake_and_note_idle(connection, business_date, decision_id)
    _write_links(connection, _OWN_BY_NIGHT if decision_id is None else _OWN_BY_DECISION)
    if decision_id is not None:
        _redirect_idle(connection, business_date, decision_id)
    return IdChanges(new, merged)


def _choose_standing_ids(connection: psycopg.Connection, held: str) -> None:
    """An id stays where most of its records are; where several meet, the oldest stays, one that was split off never.

    Only an id that meets others is looked up in identity.person.
    """
    connection.execute(
        f"""
        create temporary table id_home on commit drop as
        select distinct on (person_id) person_id, cluster_no
        from (
            select {held} as person_id, cluster.cluster_no
            from identity.person_link as link
            inner join candidate_record as candidate using (source, record, source_key)
            inner join record_cluster as cluster using (record_no)
        ) as held
        group by person_id, cluster_no
        order by person_id, count(*) desc, cluster_no
        """
    )
    connection.execute("analyze id_home (cluster_no)")
    connection.execute(
        """
        create temporary table cluster_person on commit drop as
        select distinct on (cluster_no) cluster_no, home.person_id
        from (select *, count(*) over (partition by cluster_no) as ids from id_home) as home
        left join identity.person as met on met.person_id = case when home.ids > 1 then home.person_id end
        order by
            cluster_no, met.split_from is not null, case when met.split_from is not null then met.created_at end,
            met.created_batch, home.person_id
        """
    )


def _redirect_merged_ids(connection: psycopg.Connection, business_date: date, decision_id: int | None) -> int:
    connection.execute(
        """
        create temporary table merged_id on commit drop as
        select id_home.person_id, cluster_person.person_id as into_person_id
        from id_home inner join cluster_person using (cluster_no)
        where id_home.person_id <> cluster_person.person_id and not exists (
            select 1 from identity.person as merged
            where merged.person_id = id_home.person_id and merged.redirect_to = cluster_person.person_id
        )
        """
    )
    merged = connection.execute(
        """
        insert into identity.person_event (kind, person_id, from_person_id, business_date, decision_id)
        select 'merged', into_person_id, person_id, %s, %s from merged_id
        """,
        [business_date, decision_id],
    ).rowcount
    connection.execute(
        """
        update identity.person set redirect_to = merged_id.into_person_id
        from merged_id where merged_id.person_id = person.person_id
        """
    )
    if merged:  # records that are absent tonight follow their person too
        connection.execute(
            """
            with moved as (
                update identity.person_link as link
                set
                    person_id = merged_id.into_person_id, linked_at = clock_timestamp(),
                    own_person_id = case
                        when %(decision)s::bigint is not null
                            then nullif(coalesce(link.own_person_id, link.person_id), merged_id.into_person_id)
                    end
                from merged_id where link.person_id = merged_id.person_id and not exists (
                    select 1 from candidate_record as here
                    where (here.source, here.record, here.source_key) = (link.source, link.record, link.source_key)
                )
                returning link.source, link.record, link.source_key, link.person_id, merged_id.person_id as before
            )
            insert into identity.person_event (
                kind, person_id, from_person_id, source, record, source_key, business_date, decision_id
            )
            select 'record moved', person_id, before, source, record, source_key, %(night)s, %(decision)s from moved
            """,
            {"night": business_date, "decision": decision_id},
        )
    if merged and decision_id is None:
        connection.execute(
            """
            update identity.person_link as link set own_person_id = nullif(merged_id.into_person_id, link.person_id)
            from merged_id where link.own_person_id = merged_id.person_id
            """
        )
    return merged


def _give_new_ids(connection: psycopg.Connection, held: str, business_date: date, decision_id: int | None) -> int:
    """A new id is the digest of the key of the cluster's first record; an id already given is never given again.

    But a person that a decision split off before, and that another one made idle, returns with the id it had.
    """
    connection.execute(
        f"""
        create temporary table new_person on commit drop as
        select
            cluster.cluster_no, min(candidate.batch) as created_batch, 0 as attempt, false as returns,
            first_record.source || '|' || first_record.record || '|' || first_record.source_key as first_key,
            md5(first_record.source || '|' || first_record.record || '|' || first_record.source_key)::uuid as person_id,
            min(({held})::text)::uuid as split_from
        from record_cluster as cluster
        inner join candidate_record as candidate using (record_no)
        left join identity.person_link as link using (source, record, source_key)
        inner join candidate_record as first_record on cluster.cluster_no = first_record.record_no
        where cluster.cluster_no not in (select cluster_no from cluster_person)
        group by cluster.cluster_no, first_record.source, first_record.record, first_record.source_key
        """
    )
    if decision_id is not None:
        _find_returning(connection)
    while (
        connection.execute(
            """
            update new_person
            set attempt = attempt + 1, person_id = md5(first_key || '|' || (attempt + 1))::uuid
            from identity.person where not new_person.returns and new_person.person_id = person.person_id
            """
        ).rowcount
        > 0
    ):
        pass
    with filling(connection, "identity.person"):
        new = connection.execute(
            """
            insert into identity.person (person_id, created_batch, created_on, split_from)
            select person_id, created_batch, %s, split_from from new_person where not returns order by person_id
            """,
            [business_date],
        ).rowcount
    connection.execute(
        """
        insert into identity.person_event (kind, person_id, from_person_id, business_date, decision_id)
        select 'split', person_id, split_from, %s, %s from new_person where split_from is not null and not returns
        """,
        [business_date, decision_id],
    )
    connection.execute(
        "insert into cluster_person (cluster_no, person_id) select cluster_no, person_id from new_person"
    )
    connection.execute("create unique index on cluster_person (cluster_no); analyze cluster_person")
    return new


def _find_returning(connection: psycopg.Connection) -> None:
    """Ids that decisions gave to a cluster of the same first record, and that nobody else holds."""
    connection.execute(
        """
        update new_person set person_id = returning_id.person_id, returns = true
        from (
            select distinct on (n.cluster_no) n.cluster_no, p.person_id
            from new_person as n
            cross join generate_series(0, %s) as given (attempt)
            inner join identity.person as p on p.person_id = case
                when given.attempt = 0 then md5(n.first_key)::uuid else md5(n.first_key || '|' || given.attempt)::uuid
            end
            where exists (
                select 1 from identity.person_event as e
                where e.person_id = p.person_id and e.kind = 'split' and e.decision_id is not null
            )
            and not exists (
                select 1 from identity.person_event as e where e.person_id = p.person_id and e.kind = 'record left'
            )
            and not exists (select 1 from id_home as h where h.person_id = p.person_id)
            and not exists (
                select 1 from identity.person_link as l
                left join candidate_record as c using (source, record, source_key)
                where l.person_id = p.person_id and c.record_no is null
            )
            order by n.cluster_no, given.attempt
        ) as returning_id
        where new_person.cluster_no = returning_id.cluster_no
        """,
        [_RETURNS],
    )


def _note_moves(connection: psycopg.Connection, business_date: date, decision_id: int | None) -> None:
    connection.execute(
        """
        insert into identity.person_event (
            kind, person_id, from_person_id, source, record, source_key, business_date, decision_id
        )
        select
            case
                when cluster_person.person_id = link.own_person_id and %(decision)s::bigint is not null then 'restored'
                else 'record moved'
            end,
            cluster_person.person_id, link.person_id, link.source, link.record, link.source_key, %(night)s, %(decision)s
        from identity.person_link as link
        inner join candidate_record as candidate using (source, record, source_key)
        inner join record_cluster as cluster using (record_no)
        inner join cluster_person using (cluster_no)
        where link.person_id <> cluster_person.person_id
        """,
        {"night": business_date, "decision": decision_id},
    )


def _wake_and_note_idle(connection: psycopg.Connection, business_date: date, decision_id: int) -> None:
    """Ids that come back stand for themselves again; `idle_id` are those that the records of this step leave."""
    connection.execute(
        """
        with awake as (
            update identity.person as p set redirect_to = null
            from cluster_person as c where p.person_id = c.person_id and p.redirect_to is not null
            returning p.person_id
        )
        insert into identity.person_event (kind, person_id, business_date, decision_id)
        select 'restored', person_id, %s, %s from awake
        """,
        [business_date, decision_id],
    )
    connection.execute(
        """
        create temporary table idle_id on commit drop as
        select distinct on (link.person_id) link.person_id, cluster_person.person_id as into_person_id
        from identity.person_link as link
        inner join candidate_record as candidate using (source, record, source_key)
        inner join record_cluster as cluster using (record_no)
        inner join cluster_person using (cluster_no)
        where link.person_id not in (select person_id from cluster_person)
        group by link.person_id, cluster_person.person_id
        order by link.person_id, count(*) desc, cluster_person.person_id
        """
    )


def _redirect_idle(connection: psycopg.Connection, business_date: date, decision_id: int) -> None:
    """An id that no record has any more leads to where most of its records went."""
    connection.execute(
        """
        with idle as (
            update identity.person as p set redirect_to = idle_id.into_person_id
            from idle_id
            where p.person_id = idle_id.person_id and p.redirect_to is null
                and not exists (select 1 from identity.person_link as l where l.person_id = p.person_id)
            returning p.person_id, p.redirect_to
        )
        insert into identity.person_event (kind, person_id, from_person_id, business_date, decision_id)
        select 'merged', redirect_to, person_id, %s, %s from idle
        """,
        [business_date, decision_id],
    )


def _write_links(connection: psycopg.Connection, own: str) -> None:
    with filling(connection, "identity.person_link") as empty:
        connection.execute(_LINKS if empty else _LINKS + _KEEP_LINKS.format(own=own))


def restore_links(connection: psycopg.Connection, decision_id: int, business_date: date) -> None:
    """Give records that are absent, and followed a person of this decision elsewhere, their own persons again."""
    connection.execute(
        """
        with concerned as (
            select distinct l.person_id from identity.decision_pair as p
            inner join identity.linkage_record as r on r.record_id in (p.left_id, p.right_id)
            inner join identity.person_link as l using (source, record, source_key)
            where p.decision_id = %(decision)s
        ),
        restored as (
            update identity.person_link as link
            set person_id = link.own_person_id, own_person_id = null, linked_at = clock_timestamp()
            from concerned, identity.linkage_record as r
            where link.person_id = concerned.person_id and link.own_person_id is not null and not r.present
                and (link.source, link.record, link.source_key) = (r.source, r.record, r.source_key)
            returning link.source, link.record, link.source_key, link.person_id
        ),
        awake as (
            update identity.person set redirect_to = null from restored
            where person.person_id = restored.person_id and person.redirect_to is not null
            returning person.person_id
        )
        insert into identity.person_event (kind, person_id, source, record, source_key, business_date, decision_id)
        select 'restored', person_id, source, record, source_key, %(night)s, %(decision)s from restored
        """,
        {"decision": decision_id, "night": business_date},
    )
