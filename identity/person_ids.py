"""From clusters to permanent ids: an id once given stays with its person through merges, splits and absences."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import psycopg
from psycopg import sql

from identity.records import RECORDS


@dataclass(frozen=True)
class IdChanges:
    """Ids newly given, and ids that now redirect to another."""

    new: int
    merged: int


def release_reused_keys(connection: psycopg.Connection) -> int:
    """Untie links whose source gave the record's key to another person; returns how many.

    Another person: number, name and birth all differ from the version that was linked.
    """
    reused = 0
    for record in RECORDS:
        reused += connection.execute(
            sql.SQL(
                """
                delete from identity.person_link as link
                using {table} as present, {table} as linked
                where link.record = {record}
                    and link.source = present.source and link.source_key = present.source_key
                    and present.last_batch is null and present.first_batch <> link.linked_batch
                    and link.source = linked.source and link.source_key = linked.source_key
                    and linked.first_batch = link.linked_batch
                    and linked.personal_id is distinct from present.personal_id
                    and landing.name_key(linked.full_name) <> landing.name_key(present.full_name)
                    and linked.birth_date <> present.birth_date
                """
            ).format(table=sql.Identifier("raw", record), record=sql.Literal(record))
        ).rowcount
    return reused


def assign_ids(connection: psycopg.Connection, business_date: date) -> IdChanges:
    """Give every cluster of `record_cluster` its person id and write identity.person and identity.person_link."""
    _choose_standing_ids(connection)
    merged = _redirect_merged_ids(connection)
    new = _give_new_ids(connection, business_date)
    _write_links(connection)
    return IdChanges(new, merged)


def _choose_standing_ids(connection: psycopg.Connection) -> None:
    """An id stays where most of its records are; where several meet, the oldest stays."""
    connection.execute(
        """
        create temporary table id_home on commit drop as
        select distinct on (link.person_id) link.person_id, cluster.cluster_no, person.created_batch
        from identity.person_link as link
        inner join candidate_record as candidate using (source, record, source_key)
        inner join record_cluster as cluster using (record_no)
        inner join identity.person as person on link.person_id = person.person_id
        group by link.person_id, cluster.cluster_no, person.created_batch
        order by link.person_id, count(*) desc, cluster.cluster_no
        """
    )
    connection.execute(
        """
        create temporary table cluster_person on commit drop as
        select distinct on (cluster_no) cluster_no, person_id
        from id_home order by cluster_no, created_batch, person_id
        """
    )
    connection.execute("create unique index on cluster_person (cluster_no)")


def _redirect_merged_ids(connection: psycopg.Connection) -> int:
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
        update identity.person set redirect_to = merged_id.into_person_id
        from merged_id where merged_id.person_id in (person.person_id, person.redirect_to)
            and merged_id.into_person_id <> person.person_id
        """
    ).rowcount
    if merged:  # records that are absent tonight follow their person too
        connection.execute(
            """
            update identity.person_link as link
            set person_id = merged_id.into_person_id, linked_at = clock_timestamp()
            from merged_id where link.person_id = merged_id.person_id
            """
        )
    row = connection.execute("select count(*) from merged_id").fetchone()
    assert row is not None
    return int(row[0])


def _give_new_ids(connection: psycopg.Connection, business_date: date) -> int:
    """A new id is the digest of the key of the cluster's first record; an id already given is never given again."""
    connection.execute(
        """
        create temporary table new_person on commit drop as
        select
            cluster.cluster_no, min(candidate.batch) as created_batch, 0 as attempt,
            first_record.source || '|' || first_record.record || '|' || first_record.source_key as first_key,
            md5(first_record.source || '|' || first_record.record || '|' || first_record.source_key)::uuid as person_id
        from record_cluster as cluster
        inner join candidate_record as candidate using (record_no)
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
        insert into identity.person (person_id, created_batch, created_on)
        select person_id, created_batch, %s from new_person
        """,
        [business_date],
    ).rowcount
    connection.execute(
        "insert into cluster_person (cluster_no, person_id) select cluster_no, person_id from new_person"
    )
    connection.execute("analyze cluster_person")
    return new


def _write_links(connection: psycopg.Connection) -> None:
    connection.execute(
        """
        with strongest as (
            select distinct on (record_no) record_no, method
            from evidence_edge order by record_no, weight desc, method
        )
        insert into identity.person_link as link (source, record, source_key, person_id, method, linked_batch)
        select
            candidate.source, candidate.record, candidate.source_key, cluster_person.person_id,
            coalesce(strongest.method, 'single'), candidate.batch
        from candidate_record as candidate
        inner join record_cluster as cluster using (record_no)
        inner join cluster_person using (cluster_no)
        left join strongest using (record_no)
        on conflict (source, record, source_key) do update
        set
            person_id = excluded.person_id, method = excluded.method, linked_batch = excluded.linked_batch,
            linked_at = case when link.person_id = excluded.person_id then link.linked_at else clock_timestamp() end
        where (link.person_id, link.method, link.linked_batch)
            is distinct from (excluded.person_id, excluded.method, excluded.linked_batch)
        """
    )
