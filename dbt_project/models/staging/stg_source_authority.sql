-- How much the word of a source counts, by kind of data. Key: (source, kind). Unsaid means the middle, 50.
-- by_attribute: what the source is worth on single attributes, where it is said ("cadre.political_theory": 90).
select
    registered.source,
    kinds.kind,
    coalesce((registered.authority ->> kinds.kind)::integer, 50) as authority,
    single.by_attribute
from {{ source('ops', 'source') }} as registered
cross join (values ('organisation'), ('member'), ('cadre'), ('staffing')) as kinds (kind)
left join
    lateral (
        select jsonb_object_agg(split_part(said.key, '.', 2), said.value::integer) as by_attribute
        from jsonb_each_text(registered.authority) as said (key, value)
        where split_part(said.key, '.', 1) = kinds.kind and said.key like '%.%'
    ) as single
    on true
