"""The records that are linked: open rows of members and cadres, with what identifies a person in them."""

from __future__ import annotations

import psycopg

RECORDS = ("member", "cadre")

# Only a number of the right shape and only a whole birth date say who somebody is.
_RECORD = """
    select
        source, '{record}' as record, source_key, first_batch as batch,
        landing.name_key(full_name) as name_key,
        case when birth_date_precision = 'D' then birth_date end as birth_date,
        case when personal_id ~ '^[0-9]{{12}}$' and personal_id !~ '(.)\\1{{11}}' then personal_id end as personal_id,
        old_party_card_no,
        old_identity_no
    from raw.{record}
    where last_batch is null
"""


def load_records(connection: psycopg.Connection) -> int:
    """Fill the temporary table `candidate_record`, numbered by source, record and key; returns how many there are."""
    told = "union all".join(_RECORD.format(record=record) for record in RECORDS)
    count = connection.execute(
        f"""
        create temporary table candidate_record on commit drop as
        select row_number() over (order by source, record, source_key) as record_no, told.* from ({told}) as told
        """
    ).rowcount
    connection.execute("create unique index on candidate_record (record_no)")
    connection.execute("create unique index on candidate_record (source, record, source_key)")
    connection.execute("create index on candidate_record (personal_id) where personal_id is not null")
    connection.execute("analyze candidate_record")
    return count
