"""The person step of a night: records, evidence by rules, evidence by weight, clusters, ids; each by difference."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import psycopg
from psycopg import sql

from identity.conflicts import refresh_conflicts
from identity.deterministic import RULE_VERSION, refresh_evidence
from identity.person_ids import IdChanges, assign_ids


@dataclass(frozen=True)
class Summary:
    """What the step came to, in counts.

    `records` are open, of them `weighed` were compared anew; `persons` are the ids that stand; `review` items and
    `conflicts` stand now; `reused_keys` were given by their source to another person since.
    """

    records: int
    weighed: int
    persons: int
    new_persons: int
    merged_persons: int
    reused_keys: int
    evidence_added: int
    evidence_withdrawn: int
    conflicts: int
    review: int


def link_persons(connection: psycopg.Connection, business_date: date) -> Summary:
    """Decide which person each open record of raw.member and raw.cadre belongs to, in one transaction.

    The same records, model and decisions give the same persons in any order and over any nights. Only pairs of
    records that changed are weighed anew, unless rules, model, settings or reference data did.
    `business_date` is noted with ids given for the first time.
    """
    from identity.clustering import Guards
    from identity.clusters import build_clusters
    from identity.model import blocking_rules, load_settings
    from identity.near import digest_keys
    from identity.records import ROWS_THAT_AGE_STATISTICS, refresh_records
    from identity.scoring import refresh_scores

    settings = load_settings()
    guards = Guards.of(settings)
    apply_decisions(connection, business_date)
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(hashtext('lienthong identity'))")
        connection.execute("set local client_min_messages = warning")
        connection.execute("set local work_mem = '128MB'")
        clear_work(connection)
        version = _version(connection, settings)
        everything = _other_version(connection, version)
        # What changed is found by index, mostly in the order in which it lies there.
        connection.execute(f"set local random_page_cost = {1.1 if everything else 0.25}")
        refreshed = refresh_records(connection, settings["most_holders"], business_date, everything=everything)
        digest_keys(connection, blocking_rules(settings), everything=everything)
        connection.execute("create temporary table touched_pair (left_id bigint, right_id bigint) on commit drop")
        by_rule = refresh_evidence(connection)
        if refreshed.dirty > ROWS_THAT_AGE_STATISTICS:
            connection.execute("analyze identity.evidence")
        by_weight = refresh_scores(connection, settings, refreshed.dirty, everything=everything)
        _note_affected(connection, everything=everything)
        build_clusters(connection, guards, everything=everything)
        changes = assign_ids(connection, business_date)
        if refreshed.dirty > ROWS_THAT_AGE_STATISTICS:
            connection.execute("analyze identity.person_link; analyze identity.evidence")
        conflicts = refresh_conflicts(connection, everything=everything)
        connection.execute(
            """
            insert into identity.linked_version (version, records, marks, batch)
            values (%(version)s, %(records)s, %(marks)s, %(batch)s)
            on conflict (one) do update set
                version = excluded.version, records = excluded.records, marks = excluded.marks, batch = excluded.batch,
                linked_at = now()
            """,
            {"version": version, **asdict(refreshed.linked)},
        )
        row = connection.execute(
            """
            select
                (select count(*) from identity.person where redirect_to is null),
                (select count(*) from identity.review_item where closed_at is null)
            """
        ).fetchone()
        assert row is not None
    return Summary(
        records=refreshed.linked.records,
        weighed=refreshed.dirty,
        persons=int(row[0]),
        new_persons=changes.new,
        merged_persons=changes.merged,
        reused_keys=refreshed.reused,
        evidence_added=by_rule[0] + by_weight[0],
        evidence_withdrawn=by_rule[1] + by_weight[1],
        conflicts=conflicts,
        review=int(row[1]),
    )


def clear_work(connection: psycopg.Connection) -> None:
    """Drop the temporary tables of an earlier step in the same transaction."""
    work = connection.execute(
        "select relname from pg_class where relnamespace = pg_my_temp_schema() and relkind = 'r'"
    ).fetchall()
    for (table,) in work:
        connection.execute(sql.SQL("drop table {}").format(sql.Identifier("pg_temp", table)))


def _version(connection: psycopg.Connection, settings: Mapping[str, Any]) -> str:
    """A digest of all that evidence follows from beside the records."""
    from identity.features import FREQUENCIES
    from identity.model import PARAMETERS, SETTINGS, blocking_rules
    from identity.near import blocking_digests

    digest = hashlib.sha256(RULE_VERSION.encode())
    digest.update(blocking_digests(blocking_rules(settings)).encode())
    for file in (SETTINGS, PARAMETERS, FREQUENCIES):
        digest.update(file.read_bytes())
    row = connection.execute(
        """
        select
            (select md5(string_agg(prefix, ',' order by prefix)) from reference.identity_prefix),
            (select md5(string_agg(concat_ws(':', code_set, code, parent_code), ',' order by code_set, code))
            from reference.administrative_unit),
            (select md5(string_agg(concat_ws(':', old_code, new_code), ',' order by old_code, new_code))
            from reference.administrative_unit_mapping)
        """
    ).fetchone()
    digest.update(repr(row).encode())
    return digest.hexdigest()


def _other_version(connection: psycopg.Connection, version: str) -> bool:
    row = connection.execute("select version from identity.linked_version").fetchone()
    return row is None or row[0] != version


def _note_affected(connection: psycopg.Connection, *, everything: bool) -> None:
    """Records whose cluster may be another than before: changed ones, and those that lost or gained evidence."""
    connection.execute(
        "create temporary table affected (record_id bigint primary key, round int default 0) on commit drop"
    )
    if everything:
        connection.execute("insert into affected (record_id) select record_id from identity.linkage_record")
        return
    connection.execute(
        """
        insert into affected (record_id)
        select record_id from dirty
        union select left_id from touched_pair union select right_id from touched_pair
        union select record_id from vanished
        union select e.right_id from identity.evidence as e
        inner join vanished as v on e.left_id = v.record_id where e.withdrawn_at is null
        union select e.left_id from identity.evidence as e
        inner join vanished as v on e.right_id = v.record_id where e.withdrawn_at is null
        union select p.right_id from identity.standing_decision as p inner join vanished as v on p.left_id = v.record_id
        union select p.left_id from identity.standing_decision as p inner join vanished as v on p.right_id = v.record_id
        """
    )


def apply_decisions(connection: psycopg.Connection, business_date: date) -> IdChanges:
    """Let clusters follow the decisions made and undone since, one by one and in order, each whole or not at all."""
    from identity.person_ids import restore_links

    waiting = connection.execute(
        """
        select decision_id, false as undone, decided_at as since from identity.decision where applied_at is null
        union all
        select decision_id, true, undone_at from identity.decision
        where undone_at is not null and undo_applied_at is null
        order by since, decision_id
        """
    ).fetchall()
    new = merged = 0
    for decision_id, undone, _ in waiting:
        with connection.transaction():
            connection.execute("select pg_advisory_xact_lock(hashtext('lienthong identity'))")
            connection.execute("set local client_min_messages = warning")
            column = "undo_applied_at" if undone else "applied_at"
            if undone:
                restore_links(connection, decision_id, business_date)
            connection.execute(
                sql.SQL("update identity.decision set {} = now() where decision_id = %s").format(
                    sql.Identifier(column)
                ),
                [decision_id],
            )
            changes = _follow(connection, decision_id, business_date)
        new, merged = new + changes.new, merged + changes.merged
    return IdChanges(new, merged)


def _follow(connection: psycopg.Connection, decision_id: int, business_date: date) -> IdChanges:
    """Cluster again what one decision is about."""
    from identity.clustering import Guards
    from identity.clusters import build_clusters
    from identity.model import load_settings

    clear_work(connection)
    connection.execute(
        """
        create temporary table affected (record_id bigint primary key, round int default 0) on commit drop;
        create temporary table touched_number (kind text, number text) on commit drop;
        create temporary table new_key (source text, record text, source_key text) on commit drop
        """
    )
    connection.execute(
        """
        insert into affected (record_id)
        select left_id from identity.decision_pair where decision_id = %(decision)s
        union select right_id from identity.decision_pair where decision_id = %(decision)s
        """,
        {"decision": decision_id},
    )
    build_clusters(connection, Guards.of(load_settings()), everything=False)
    changes = assign_ids(connection, business_date, decision_id)
    refresh_conflicts(connection)
    return changes
