"""Linkage records out of the warehouse: open member and cadre records with the keys that linkage compares."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.csv

from identity.features import LINKAGE_RECORD
from identity.records import PLACES

KEYS = pa.schema([("record_id", pa.int64()), *((name, pa.string()) for name in ("source", "record", "source_key"))])

_LINKAGE_RECORDS = """
with told as (
    select
        source, 'member' as record, source_key, full_name, other_name, sex, birth_date, birth_date_precision,
        personal_id, old_identity_no, party_card_no, old_party_card_no, hometown_code, admission_date
    from raw.member
    where last_batch is null
    union all
    select
        source, 'cadre', source_key, full_name, other_name, sex, birth_date, birth_date_precision,
        personal_id, old_identity_no, null, old_party_card_no, hometown_code, admission_date
    from raw.cadre
    where last_batch is null
),
place as ({places}),
keyed as (
    select
        *,
        identity.name_key(full_name) as name_key,
        count(personal_id) over (partition by personal_id) as holders
    from told
)
select
    row_number() over (order by k.source collate "C", k.record collate "C", k.source_key collate "C") as record_id,
    k.source, k.record, k.source_key,
    k.name_key, identity.name_key(k.other_name) as other_name_key, identity.plain_key_of(k.name_key) as plain_key,
    k.sex, k.birth_date, k.birth_date_precision as birth_precision, k.personal_id,
    identity.personal_id_verdict(
        k.personal_id, k.sex, k.birth_date, p.prefix is not null, k.holders, {most_holders}
    ) as id_verdict,
    k.party_card_no, k.old_identity_no, k.old_party_card_no,
    l.units as hometown_units, l.provinces as hometown_provinces, k.admission_date
from keyed as k
left join place as l on l.code = k.hometown_code
left join reference.identity_prefix as p on p.prefix = left(k.personal_id, 3)
"""


def linkage_records(connection: psycopg.Connection, settings: Mapping[str, Any]) -> tuple[pa.Table, pa.Table]:
    """All open member and cadre records: their keys (KEYS) and what linkage compares (LINKAGE_RECORD), in one order.

    `record_id` numbers records in the order of source, record and source key; it holds for one run only.
    """
    query = _LINKAGE_RECORDS.format(most_holders=int(settings["most_holders"]), places=PLACES)
    text = io.BytesIO()
    with connection.cursor().copy(f"copy ({query}) to stdout (format csv, header true)") as copy:
        for block in copy:
            text.write(block)
    text.seek(0)
    types = {f.name: f.type for schema in (KEYS, LINKAGE_RECORD) for f in schema}
    table = pyarrow.csv.read_csv(
        text,
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=types, strings_can_be_null=True, quoted_strings_can_be_null=False, null_values=[""]
        ),
        parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
    ).sort_by("record_id")
    return table.select(KEYS.names), table.select(LINKAGE_RECORD.names).cast(LINKAGE_RECORD)
