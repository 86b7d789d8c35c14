"""From clusters to permanent ids: an id once given stays with its person through merges, splits and absences."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import psycopg


@dataclass(frozen=True)
class IdChanges:
    """Ids newly given, and ids that now redirect to another."""

    new: int
    merged: int


def release_reused_keys(connection: psycopg.Connection, business_date: date) -> int:
    """Untie links whose source gave the record's key to another person; returns how many.

    Another person: number, name and birth all differ from what the record said when it was read last. Needs
    `changed_row` before identity.linkage_record is overwritten. Each is an alarm in identity.conflict.
    """
    return connection.execute(
        """
        with reused as (
            delete from identity.person_link as link
            using changed_row as present, identity.linkage_record as known
            where present.record_id = known.record_id
                and (link.source, link.record, link.source_key) = (known.source, known.record, known.source_key)
                and (
                    known.personal_id is distinct from present.personal_id
                    or (known.personal_id is null and present.personal_id is null)
                )
                and known.name_key <> identity.name_key(present.full_name)
                and known.birth_date <> present.birth_date
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
    _choose_standing_ids(connection)
    merged = _redirect_merged_ids(connection, business_date, decision_id)
    new = _give_new_ids(connection, business_date, decision_id)
    _note_moves(connection, business_date, decision_id)
    _write_links(connection)
    return IdChanges(new, merged)


def _choose_standing_ids(connection: psycopg.Connection) -> None:
    """An id stays where most of its records are; where several meet, the oldest stays, one that was split off never."""
    connection.execute(
        """
        create temporary table id_home on commit drop as
        select distinct on (link.person_id)
            link.person_id, cluster.cluster_no, person.created_batch, person.split_from is not null as was_split,
            person.created_at
        from identity.person_link as link
        inner join candidate_record as candidate using (source, record, source_key)
        inner join record_cluster as cluster using (record_no)
        inner join identity.person as person on link.person_id = person.person_id
        group by link.person_id, cluster.cluster_no, person.created_batch, person.split_from, person.created_at
        order by link.person_id, count(*) desc, cluster.cluster_no
        """
    )
    connection.execute(
        """
        create temporary table cluster_person on commit drop as
        select distinct on (cluster_no) cluster_no, person_id
        from id_home
        order by cluster_no, was_split, case when was_split then created_at end, created_batch, person_id
        """
    )
    connection.execute("create unique index on cluster_person (cluster_no)")


def _redirect_merged_ids(connection: psycopg.Connection, business_date: date, decision_id: int | None) -> int:
    connection.execute(
        """
        create temporary table merged_id on commit drop as
        select id_home.person_id, cluster_person.person_id as into_person_id
        from id_home inner join cluster_person using (cluster_no)
        where id_home.person_id <> cluster_person.person_id
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
        from merged_id where merged_id.person_id in (person.person_id, person.redirect_to)
            and merged_id.into_person_id <> person.person_id
        """
    )
    if merged:  # records that are absent tonight follow their person too
        connection.execute(
            """
            with moved as (
                update identity.person_link as link
                set person_id = merged_id.into_person_id, linked_at = clock_timestamp()
                from merged_id where link.person_id = merged_id.person_id
                returning link.source, link.record, link.source_key, link.person_id, merged_id.person_id as before
            )
            insert into identity.person_event (
                kind, person_id, from_person_id, source, record, source_key, business_date, decision_id
            )
            select 'record moved', person_id, before, source, record, source_key, %s, %s from moved
            """,
            [business_date, decision_id],
        )
    return merged


def _give_new_ids(connection: psycopg.Connection, business_date: date, decision_id: int | None) -> int:
    """A new id is the digest of the key of the cluster's first record; an id already given is never given again."""
    connection.execute(
        """
        create temporary table new_person on commit drop as
        select
            cluster.cluster_no, min(candidate.batch) as created_batch, 0 as attempt,
            first_record.source || '|' || first_record.record || '|' || first_record.source_key as first_key,
            md5(first_record.source || '|' || first_record.record || '|' || first_record.source_key)::uuid as person_id,
            min(link.person_id::text)::uuid as split_from
        from record_cluster as cluster
        inner join candidate_record as candidate using (record_no)
        left join identity.person_link as link using (source, record, source_key)
        inner join candidate_record as first_record on cluster.cluster_no = first_record.record_no
        where cluster.cluster_no not in (select cluster_no from cluster_person)
        group by cluster.cluster_no, first_record.source, first_record.record, first_record.source_key
        """
    )
    while (
        connection.execute(
            """
            update new_person
            set attempt = attempt + 1, person_id = md5(first_key || '|' || (attempt + 1))::uuid
            from identity.person where new_person.person_id = person.person_id
            """
        ).rowcount
        > 0
    ):
        pass
    new = connection.execute(
        """
        insert into identity.person (person_id, created_batch, created_on, split_from)
        select person_id, created_batch, %s, split_from from new_person
        """,
        [business_date],
    ).rowcount
    connection.execute(
        """
        insert into identity.person_event (kind, person_id, from_person_id, business_date, decision_id)
        select 'split', person_id, split_from, %s, %s from new_person where split_from is not null
        """,
        [business_date, decision_id],
    )
    connection.execute(
        "insert into cluster_person (cluster_no, person_id) select cluster_no, person_id from new_person"
    )
    connection.execute("analyze cluster_person")
    return new


def _note_moves(connection: psycopg.Connection, business_date: date, decision_id: int | None) -> None:
    connection.execute(
        """
        insert into identity.person_event (
            kind, person_id, from_person_id, source, record, source_key, business_date, decision_id
        )
        select
            'record moved', cluster_person.person_id, link.person_id, link.source, link.record, link.source_key, %s, %s
        from identity.person_link as link
        inner join candidate_record as candidate using (source, record, source_key)
        inner join record_cluster as cluster using (record_no)
        inner join cluster_person using (cluster_no)
        where link.person_id <> cluster_person.person_id
        """,
        [business_date, decision_id],
    )


def _write_links(connection: psycopg.Connection) -> None:
    connection.execute(
        """
        insert into identity.person_link as link (source, record, source_key, person_id, method, linked_batch)
        select
            candidate.source, candidate.record, candidate.source_key, cluster_person.person_id,
            cluster.method, candidate.batch
        from candidate_record as candidate
        inner join record_cluster as cluster using (record_no)
        inner join cluster_person using (cluster_no)
        on conflict (source, record, source_key) do update
        set
            person_id = excluded.person_id, method = excluded.method, linked_batch = excluded.linked_batch,
            linked_at = case when link.person_id = excluded.person_id then link.linked_at else clock_timestamp() end
        where (link.person_id, link.method, link.linked_batch)
            is distinct from (excluded.person_id, excluded.method, excluded.linked_batch)
        """
    )


def restore_links(connection: psycopg.Connection, decision_id: int, business_date: date) -> None:
    """Give the records that a decision moved back to the persons they had before it, and those their own ids."""
    connection.execute(
        """
        with before as (
            select distinct on (source, record, source_key) source, record, source_key, from_person_id
            from identity.person_event
            where decision_id = %(decision)s and kind = 'record moved'
            order by source, record, source_key, event_id
        ),
        restored as (
            update identity.person_link as link set person_id = before.from_person_id, linked_at = clock_timestamp()
            from before
            where (link.source, link.record, link.source_key) = (before.source, before.record, before.source_key)
                and link.person_id <> before.from_person_id
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
    connection.execute(
        """
        with idle as (
            update identity.person as p set redirect_to = e.from_person_id
            from identity.person_event as e
            where e.decision_id = %(decision)s and e.kind = 'split' and e.person_id = p.person_id
                and p.redirect_to is null
                and not exists (select 1 from identity.person_link as l where l.person_id = p.person_id)
            returning p.person_id, p.redirect_to
        )
        insert into identity.person_event (kind, person_id, from_person_id, business_date, decision_id)
        select 'merged', redirect_to, person_id, %(night)s, %(decision)s from idle
        """,
        {"decision": decision_id, "night": business_date},
    )
