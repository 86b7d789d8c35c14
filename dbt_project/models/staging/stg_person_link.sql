-- Which person each record belongs to. Key: (source, record, source_key).
-- id_verdict: what linkage found of the record's personal id, null where it was never read; valid of one id a person.
select
    link.source,
    link.record,
    link.source_key,
    link.person_id,
    link.method,
    coalesce(overruled.reason, compared.id_verdict) as id_verdict
from {{ source('identity', 'person_link') }} as link
left join {{ source('identity', 'linkage_record') }} as compared
    on
        link.source = compared.source
        and link.record = compared.record
        and link.source_key = compared.source_key
left join {{ source('identity', 'overruled_id') }} as overruled
    on
        link.source = overruled.source
        and link.record = overruled.record
        and link.source_key = overruled.source_key
