"""From evidence and decisions to clusters, only where something changed.

A cluster follows from the links among its own records, so it is enough to cluster again whatever hangs
together with a changed record, and the clusters beside it for what a steward may be asked.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import psycopg

if TYPE_CHECKING:
    import polars as pl

    from identity.clustering import Clustering, Guards

#: Links that make components: strong evidence that stands, and pairs that a steward joined.
_NEIGHBOURS = """
insert into {table} (record_id, round)
select link.neighbour_id, %(round)s
from {table} as had
cross join lateral (
    select e.right_id as neighbour_id from identity.evidence as e
    where e.left_id = had.record_id and e.withdrawn_at is null and e.weight >= %(least)s
    union all
    select e.left_id from identity.evidence as e
    where e.right_id = had.record_id and e.withdrawn_at is null and e.weight >= %(least)s
    union all
    select d.right_id from identity.standing_decision as d where d.left_id = had.record_id
    union all
    select d.left_id from identity.standing_decision as d where d.right_id = had.record_id
) as link
where had.round = %(round)s - 1
on conflict do nothing
"""

_FACTS = """
create temporary table candidate_record on commit drop as
select
    row_number() over (order by r.source collate "C", r.record collate "C", r.source_key collate "C") as record_no,
    r.record_id, r.source, r.record, r.source_key, r.batch,
    case when r.id_verdict = 'valid' then r.personal_id end as personal_id,
    case when r.birth_precision = 'D' then r.birth_date end as birth_date
from {within} where r.present
"""

_EVIDENCE = """
select a.record_no, b.record_no, e.weight, e.method
from identity.evidence as e
inner join candidate_record as a on e.left_id = a.record_id
inner join candidate_record as b on e.right_id = b.record_id
where e.withdrawn_at is null
"""

_DECISIONS = """
select a.record_no, b.record_no, d.verdict
from identity.standing_decision as d
inner join candidate_record as a on d.left_id = a.record_id
inner join candidate_record as b on d.right_id = b.record_id
"""


def _frame(
    connection: psycopg.Connection, query: str, schema: dict[str, pl.DataType | type[pl.DataType]]
) -> pl.DataFrame:
    import polars as pl

    text = io.BytesIO()
    with connection.cursor().copy(f"copy ({query}) to stdout (format csv)") as copy:
        for block in copy:
            text.write(block)
    if not text.getbuffer().nbytes:
        return pl.DataFrame(schema=schema)
    return pl.read_csv(text.getvalue(), has_header=False, schema=schema)


def spread(connection: psycopg.Connection, table: str, least: float, first: int = 1, last: int | None = None) -> None:
    """Add to `table` (record_id, round) what evidence of at least `least` bits or a decision ties to its records.

    Round `first` begins at the records of the round before it; without `last` it goes on until nothing is added.
    """
    round_no = first
    while last is None or round_no <= last:
        if connection.execute(_NEIGHBOURS.format(table=table), {"round": round_no, "least": least}).rowcount == 0:
            break
        round_no += 1


def build_clusters(connection: psycopg.Connection, guards: Guards, *, everything: bool) -> None:
    """Fill `record_cluster` (record_no, cluster_no, method) for `affected (record_id)` and what hangs together with it.

    Also keeps identity.broken_evidence and identity.review_item up to date, and leaves in `affected` every record
    whose cluster was looked at again.
    """
    import polars as pl

    from identity.clustering import cluster

    within = "identity.linkage_record as r"
    if not everything:
        _close_over(connection, guards)
        within += " inner join beside using (record_id)"
    connection.execute(_FACTS.format(within=within))
    connection.execute("create unique index on candidate_record (record_id); analyze candidate_record")
    facts = _frame(
        connection,
        "select record_no, personal_id, birth_date from candidate_record",
        {"record_id": pl.Int64(), "personal_id": pl.String(), "birth_date": pl.Date()},
    )
    pair = {"left": pl.Int64(), "right": pl.Int64()}
    evidence = _frame(connection, _EVIDENCE, {**pair, "weight": pl.Float64(), "method": pl.String()})
    decisions = _frame(connection, _DECISIONS, {**pair, "verdict": pl.String()})
    found = cluster(facts, evidence, decisions, guards)
    _write_clusters(connection, found, evidence, guards)
    _write_reasons(connection, found)


def _close_over(connection: psycopg.Connection, guards: Guards) -> None:
    """`affected` becomes whole components; `beside` has them and the components they may have to do with."""
    spread(connection, "affected", guards.link)
    connection.execute("create temporary table beside (record_id bigint primary key, round int) on commit drop")
    connection.execute("insert into beside select record_id, 0 from affected")
    spread(connection, "beside", guards.review, last=1)
    spread(connection, "beside", guards.link, first=2)
    connection.execute("analyze beside")


def _copy(connection: psycopg.Connection, table: str, frame: pl.DataFrame) -> None:
    with connection.cursor().copy(f"copy {table} from stdin (format csv)") as copy:
        copy.write(frame.write_csv(include_header=False).encode())


def _write_clusters(connection: psycopg.Connection, found: Clustering, evidence: pl.DataFrame, guards: Guards) -> None:
    import polars as pl

    members = found.members
    links = evidence.filter(pl.col("weight") >= guards.link)
    for side in ("left", "right"):
        links = links.join(members.rename({"record_id": side, "cluster": f"{side}_cluster"}), on=side)
    inside = links.filter(pl.col("left_cluster") == pl.col("right_cluster"))
    strongest = (
        pl.concat([inside.select(pl.col(side).alias("record_id"), "weight", "method") for side in ("left", "right")])
        .sort("weight", "method", descending=[True, False])
        .unique("record_id", keep="first", maintain_order=True)
        .select("record_id", "method")
    )
    several = members.group_by("cluster").len().filter(pl.col("len") > 1)["cluster"]
    method = pl.coalesce(
        "method",
        pl.when(pl.col("cluster").is_in(several.implode())).then(pl.lit("decision")).otherwise(pl.lit("single")),
    )
    told = members.join(strongest, on="record_id", how="left").select("record_id", "cluster", method)
    connection.execute(
        "create temporary table record_cluster (record_no bigint, cluster_no bigint, method text) on commit drop"
    )
    _copy(connection, "record_cluster", told)
    connection.execute("create unique index on record_cluster (record_no)")
    connection.execute("create index on record_cluster (cluster_no); analyze record_cluster")


_REASON_COLUMNS = "left_id bigint, right_id bigint, weight double precision, method text, reason text"

_RENUMBER = """
create temporary table {name} on commit drop as
select
    least(a.record_id, b.record_id) as left_id, greatest(a.record_id, b.record_id) as right_id,
    case when t.weight = 'infinity' then 1000 else t.weight end as weight, t.method, t.reason
from {name}_no as t
inner join candidate_record as a on t.left_id = a.record_no
inner join candidate_record as b on t.right_id = b.record_no
"""


def _write_reasons(connection: psycopg.Connection, found: Clustering) -> None:
    """Broken links and review items by difference, among the pairs that touch an affected record."""
    import polars as pl

    for name, frame in (("found_broken", found.broken), ("found_review", found.review)):
        connection.execute(f"create temporary table {name}_no ({_REASON_COLUMNS}) on commit drop")
        told = frame.with_columns(pl.col("weight").map_elements(_infinite, return_dtype=pl.String))
        _copy(connection, f"{name}_no", told)
        connection.execute(_RENUMBER.format(name=name))
    connection.execute(
        """
        delete from identity.broken_evidence as b
        where (
            exists (select 1 from affected as a where a.record_id = b.left_id)
            or exists (select 1 from affected as a where a.record_id = b.right_id)
        )
        and not exists (
            select 1 from found_broken as f
            where f.left_id = b.left_id and f.right_id = b.right_id and f.method = b.method and f.reason = b.reason
        )
        """
    )
    connection.execute(
        """
        insert into identity.broken_evidence as b (left_id, right_id, weight, method, reason)
        select distinct on (left_id, right_id) left_id, right_id, weight, method, reason from found_broken
        order by left_id, right_id, weight desc
        on conflict (left_id, right_id) do update
        set weight = excluded.weight, method = excluded.method, reason = excluded.reason
        where (b.weight, b.method, b.reason) is distinct from (excluded.weight, excluded.method, excluded.reason)
        """
    )
    connection.execute(
        """
        update identity.review_item as i set closed_at = clock_timestamp()
        where i.closed_at is null
            and (
                exists (select 1 from affected as a where a.record_id = i.left_id)
                or exists (select 1 from affected as a where a.record_id = i.right_id)
            )
            and not exists (select 1 from found_review as f where f.left_id = i.left_id and f.right_id = i.right_id)
        """
    )
    connection.execute(
        """
        insert into identity.review_item as i (left_id, right_id, weight, method, reason)
        select left_id, right_id, weight, method, reason from found_review
        on conflict (left_id, right_id) where closed_at is null do update
        set weight = excluded.weight, method = excluded.method, reason = excluded.reason
        where (i.weight, i.method, i.reason) is distinct from (excluded.weight, excluded.method, excluded.reason)
        """
    )


def _infinite(weight: float) -> str:
    return "infinity" if weight == float("inf") else repr(weight)
