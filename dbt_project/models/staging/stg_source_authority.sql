-- How much the word of a source counts, by kind of data. Key: (source, kind). Unsaid means the middle, 50.
select
    registered.source,
    kinds.kind,
    coalesce((registered.authority ->> kinds.kind)::integer, 50) as authority
from {{ source('ops', 'source') }} as registered
cross join (values ('organisation'), ('member'), ('cadre'), ('staffing')) as kinds (kind)
