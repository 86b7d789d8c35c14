"""The release gate: what the candidate is asked, with the figures that answer; Great Expectations decides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

import psycopg
from psycopg import sql

from expectations import release_suite as suite
from expectations.release_suite import CandidateTable, CheckResult, Question, Severity
from orchestration import reconciliation
from orchestration.history import key_faults
from orchestration.relations import ExpectedConstraint, PublishedRelation, ReleasePlan
from orchestration.warehouse import connect

#: Newest delivery of each record of each source, if it was not taken in.
NOT_TAKEN_IN = """
    select source, record, status from (
        select distinct on (source, record) source, record, status from ops.batch
        where status <> 'running' order by source, record, batch_id desc
    ) as newest
    where status in ('refused', 'failed')
"""


def judge_candidate(url: str, business_date: date, plan: ReleasePlan) -> list[CheckResult]:
    """Verdicts on the newest candidate, with counts and names of relations only."""
    with connect(url, autocommit=True) as connection:
        tables = [(_table(connection, r), *_table_figures(connection, r)) for r in plan.relations]
        questions = list(_questions(connection, business_date, plan))
    verdicts = suite.judge(url, [table for table, *_ in tables], questions)
    results: list[CheckResult] = []
    for table, observed in ((t, o) for t, *o in tables):
        results += _table_results(table, observed, verdicts)
    for q in questions:
        passed = verdicts[q.check_id, q.subject]
        results.append(CheckResult(q.check_id, q.subject, q.severity, passed, q.observed, q.expected))
    return results


def _table(connection: psycopg.Connection, relation: PublishedRelation) -> CandidateTable:
    row = connection.execute(
        "select (counts -> %s ->> 'rows')::bigint from ops.release where is_current", [relation.name]
    ).fetchone()
    least, most = suite.bounds().rows(relation.name, row[0] if row else None)
    return CandidateTable(relation.name, relation.candidate_schema, relation.candidate_name, relation.key, least, most)


def _table_figures(connection: psycopg.Connection, relation: PublishedRelation) -> tuple[int, int, int]:
    fault = key_faults(connection, relation)
    return fault.rows, fault.null_keys, fault.duplicated_keys


def _table_results(
    table: CandidateTable, observed: Sequence[int], verdicts: dict[tuple[str, str], bool]
) -> Iterator[CheckResult]:
    rows, nulls, duplicates = observed
    texts: dict[str, tuple[Severity, str, str]] = {
        suite.KEY_NOT_NULL: ("error", f"{nulls} rows without {table.key}", "none"),
        suite.KEY_UNIQUE: ("error", f"{duplicates} surplus rows of {table.key}", "none"),
        suite.VOLUME_MINIMUM: ("error", f"{rows} rows", f"at least {table.minimum_rows}"),
        suite.VOLUME_MAXIMUM: ("warning", f"{rows} rows", f"at most {table.maximum_rows}"),
    }
    for check_id, (severity, seen, expected) in texts.items():
        if (check_id, table.name) in verdicts:
            yield CheckResult(check_id, table.name, severity, verdicts[check_id, table.name], seen, expected)


def _questions(connection: psycopg.Connection, business_date: date, plan: ReleasePlan) -> Iterator[Question]:
    yield _candidate(connection, business_date)
    if plan.constraints:
        yield _constraints(connection, plan.constraints)
    yield _coverage(connection)
    yield _intake(connection)
    yield from reconciliation.questions(connection, plan)


def _candidate(connection: psycopg.Connection, business_date: date) -> Question:
    """The newest candidate is whole, of this date, tested by dbt, and built from what raw holds now."""
    query = sql.SQL(
        """
        select 1 as offence where not exists (
            select from (select * from ops.candidate order by candidate_no desc limit 1) as newest
            where newest.dbt_ok and newest.business_date = {day} and newest.intake_state = ops.intake_state()
        )
        """
    ).format(day=sql.Literal(business_date))
    row = connection.execute(
        "select candidate_no, dbt_ok, business_date, intake_state = ops.intake_state() from ops.candidate"
        " order by candidate_no desc limit 1"
    ).fetchone()
    if row is None:
        observed = "no candidate was built"
    else:
        tests = "dbt and its tests passed" if row[1] else "dbt or one of its tests failed"
        age = "built from all accepted batches" if row[3] else "built before the newest accepted batch"
        observed = f"candidate {row[0]} of {row[2]}: {tests}, {age}"
    return Question(
        suite.CANDIDATE,
        "candidate",
        "error",
        query.as_string(connection),
        observed,
        f"a candidate of {business_date}, tested, built from all accepted batches",
    )


def missing_constraints_query(constraints: Sequence[ExpectedConstraint]) -> sql.Composed:
    """SQL of the promised constraints that the database does not enforce, one row each."""
    values = sql.SQL(", ").join(
        sql.SQL("({}, {}, {}, {}::text[], {}::text, {})").format(
            *map(sql.Literal, (c.schema, c.relation, c.kind, sorted(c.columns), c.refers_to, str(c)))
        )
        for c in constraints
    )
    return sql.SQL(
        """
        select wanted.label
        from (values {values}) as wanted (nsp, rel, kind, columns, target, label)
        where not exists (
            select from pg_constraint as c
            where c.conrelid = to_regclass(quote_ident(wanted.nsp) || '.' || quote_ident(wanted.rel))
            and c.contype = wanted.kind and c.convalidated
            and (wanted.target is null or c.confrelid = to_regclass(wanted.target))
            and wanted.columns = (
                select array_agg(a.attname::text order by a.attname::text collate "C")
                from pg_attribute as a where a.attrelid = c.conrelid and a.attnum = any(c.conkey)
            )
        )
        """
    ).format(values=values)


def _constraints(connection: psycopg.Connection, constraints: Sequence[ExpectedConstraint]) -> Question:
    query = missing_constraints_query(constraints)
    missing = sorted(str(label) for (label,) in connection.execute(query))
    observed = f"{len(constraints) - len(missing)} of {len(constraints)} exist"
    if missing:
        observed += f"; missing: {', '.join(missing[:5])}"
    return Question(
        suite.CONSTRAINTS, "core and marts", "error", query.as_string(connection), observed, f"all {len(constraints)}"
    )


def _coverage(connection: psycopg.Connection) -> Question:
    """Sources whose last accepted state stands in the candidate, against the current release."""
    row = connection.execute(
        """
        select
            (select count(distinct source) from ops.batch where status = 'accepted' and batch_id <= coalesce((
                select batch_high_water from ops.candidate order by candidate_no desc limit 1), 0)),
            (select count(distinct source) from ops.batch),
            (select sources from ops.release where is_current)
        """
    ).fetchone()
    assert row is not None
    covered, known, before = row
    least = max(1, -int(-(before or 0) * suite.bounds().coverage // 100))
    query = sql.SQL(
        """
        select 1 as offence
        from ops.batch
        where status = 'accepted' and batch_id <= coalesce(
            (select batch_high_water from ops.candidate order by candidate_no desc limit 1), 0)
        having count(distinct source) < {least}
        """
    ).format(least=sql.Literal(least))
    return Question(
        suite.COVERAGE,
        "sources",
        "error",
        query.as_string(connection),
        f"{covered} sources of the {known} that ever delivered",
        f"at least {least}",
    )


def _intake(connection: psycopg.Connection) -> Question:
    """Deliveries that were refused or failed do not stop a release; they are named with it."""
    rows = connection.execute(f"{NOT_TAKEN_IN} order by source, record").fetchall()
    named = ", ".join(f"{source} {record} ({status})" for source, record, status in rows[:20])
    more = f" and {len(rows) - 20} more" if len(rows) > 20 else ""
    observed = f"{len(rows)} refused or failed" + (f": {named}{more}" if rows else "")
    return Question(suite.INTAKE, "deliveries", "warning", NOT_TAKEN_IN, observed, "every newest delivery taken in")
