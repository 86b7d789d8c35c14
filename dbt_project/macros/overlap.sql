{#
    Common table expressions that say which claims stand where no two of one place may overlap: in the order of
    claim_no, which counts from 1 in each place, a claim stands when it overlaps none that stands already. `claims` has
    claim_id, place, validity (neither NULL nor empty) and claim_no; settled has claim_id and stands, for places with an
    overlap only, since the others need no choice. The statement says `with recursive`.
#}
{% macro settled_overlaps(claims) -%}
neighbours as (
    select
        place,
        coalesce(lower(validity), '-infinity') < max(coalesce(upper(validity), 'infinity')) over (
            partition by place
            order by coalesce(lower(validity), '-infinity'), claim_no
            rows between unbounded preceding and 1 preceding
        ) as overlaps_earlier
    from {{ claims }}
),

contested as materialized (
    select {{ claims }}.*
    from {{ claims }}
    where {{ claims }}.place in (select neighbours.place from neighbours where neighbours.overlaps_earlier)
),

settled as (
    select
        place,
        claim_no,
        claim_id,
        true as stands,
        datemultirange(validity) as taken
    from contested
    where claim_no = 1
    union all
    select
        contested.place,
        contested.claim_no,
        contested.claim_id,
        not settled.taken && contested.validity as stands,
        case
            when settled.taken && contested.validity then settled.taken
            else settled.taken + datemultirange(contested.validity)
        end as taken
    from settled
    inner join contested on settled.place = contested.place and settled.claim_no + 1 = contested.claim_no
)
{%- endmacro %}
