"""The person step of a night: evidence, then clusters, then ids. Further methods add evidence before the clusters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import psycopg
from psycopg import sql

from identity.clusters import build_clusters
from identity.deterministic import refresh_conflicts, refresh_evidence
from identity.person_ids import assign_ids, release_reused_keys
from identity.records import load_records

_WORK_TABLES = (
    *("candidate_record", "found_evidence", "found_pair", "found_conflict", "evidence_edge", "component"),
    *("record_cluster", "id_home", "cluster_person", "merged_id", "new_person"),
)


@dataclass(frozen=True)
class Summary:
    """What the step came to, in counts: records read, evidence, ids and pairs left for review."""

    records: int
    persons: int
    new_persons: int
    merged_persons: int
    reused_keys: int
    evidence_added: int
    evidence_withdrawn: int
    conflicts: int


def link_persons(connection: psycopg.Connection, business_date: date) -> Summary:
    """Decide which person each open record of raw.member and raw.cadre belongs to, in one transaction.

    The same records give the same persons in any order; `business_date` is noted with ids given for the first time.
    """
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(hashtext('lienthong identity'))")
        connection.execute("set local client_min_messages = warning")
        for table in _WORK_TABLES:  # of an earlier step in the same transaction
            connection.execute(sql.SQL("drop table if exists {}").format(sql.Identifier("pg_temp", table)))
        records = load_records(connection)
        reused = release_reused_keys(connection)
        added, withdrawn = refresh_evidence(connection)
        build_clusters(connection)
        conflicts = refresh_conflicts(connection)
        changes = assign_ids(connection, business_date)
        row = connection.execute("select count(distinct cluster_no) from record_cluster").fetchone()
        assert row is not None
    return Summary(
        records=records,
        persons=int(row[0]),
        new_persons=changes.new,
        merged_persons=changes.merged,
        reused_keys=reused,
        evidence_added=added,
        evidence_withdrawn=withdrawn,
        conflicts=conflicts,
    )
