"""The rules inside the warehouse: their sentences and what they block, for those who read figures."""

from __future__ import annotations

import psycopg

from expectations import batch_rules
from sources.contract import load_contracts


def register_rules(connection: psycopg.Connection) -> None:
    """Write the rules of contracts and of batches to ops.rule in one transaction; rules no longer judged are kept."""
    rows: list[tuple[object, ...]] = [
        (r.rule_id, r.record, r.column, r.severity, r.sentence, r.tolerance, list(r.blocks), r.alarm)
        for contract in load_contracts().values()
        for r in contract.rules
    ]
    rows += [(r.rule_id, None, None, r.severity, r.title, 0, [], False) for r in batch_rules.RULES]
    with connection.transaction(), connection.cursor() as cursor:
        cursor.executemany(
            """
            insert into ops.rule as r (rule_id, record, column_name, severity, sentence, tolerance, blocks, alarm)
            values (%s, %s, %s, %s, %s, %s, %s, %s)
            on conflict (rule_id) do update set
                record = excluded.record, column_name = excluded.column_name, severity = excluded.severity,
                sentence = excluded.sentence, tolerance = excluded.tolerance, blocks = excluded.blocks,
                alarm = excluded.alarm
            where r is distinct from excluded
            """,
            rows,
        )
