"""From evidence to clusters: the connected components of all standing evidence, whatever its method."""

from __future__ import annotations

import psycopg


def build_clusters(connection: psycopg.Connection) -> None:
    """Fill the temporary table `record_cluster` (record_no, cluster_no) for every candidate record.

    cluster_no is the smallest record_no of the component, so the outcome depends only on which pairs there are.
    """
    connection.execute(
        """
        create temporary table evidence_edge on commit drop as
        select a.record_no, b.record_no as neighbour_no, standing.method, standing.weight
        from identity.evidence as standing
        inner join candidate_record as a
            on (standing.left_source, standing.left_record, standing.left_key) = (a.source, a.record, a.source_key)
        inner join candidate_record as b
            on (standing.right_source, standing.right_record, standing.right_key) = (b.source, b.record, b.source_key)
        where standing.withdrawn_at is null
        """
    )
    connection.execute(
        """
        insert into evidence_edge (record_no, neighbour_no, method, weight)
        select neighbour_no, record_no, method, weight from evidence_edge
        """
    )
    connection.execute("create index on evidence_edge (record_no)")
    connection.execute("analyze evidence_edge")
    connect_components(connection)
    connection.execute(
        """
        create temporary table record_cluster on commit drop as
        select record_no, coalesce(component.cluster_no, record_no) as cluster_no
        from candidate_record left join component using (record_no)
        """
    )
    connection.execute("create unique index on record_cluster (record_no)")
    connection.execute("create index on record_cluster (cluster_no)")
    connection.execute("analyze record_cluster")


def connect_components(connection: psycopg.Connection) -> None:
    """Fill the temporary table `component` from the symmetric `evidence_edge`.

    Every record takes the smallest number among its neighbours, then the number of that number, until none changes:
    rounds grow with the logarithm of the longest chain.
    """
    connection.execute(
        """
        create temporary table component on commit drop as
        select distinct record_no, record_no as cluster_no from evidence_edge
        """
    )
    connection.execute("create unique index on component (record_no)")
    connection.execute("analyze component")
    while (
        connection.execute(
            """
            with nearest as (
                select edge.record_no, min(neighbour.cluster_no) as cluster_no
                from evidence_edge as edge
                inner join component as neighbour on edge.neighbour_no = neighbour.record_no
                group by edge.record_no
            )
            update component set cluster_no = nearest.cluster_no
            from nearest
            where component.record_no = nearest.record_no and nearest.cluster_no < component.cluster_no
            """
        ).rowcount
        > 0
    ):
        connection.execute(
            """
            update component set cluster_no = head.cluster_no
            from component as head
            where component.cluster_no = head.record_no and head.cluster_no < component.cluster_no
            """
        )
