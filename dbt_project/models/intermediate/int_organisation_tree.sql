-- The tree of party organisations. Key: organisation_id.
-- path holds the codes from the root, each between slashes: a subtree is `path like parent_path || '%'` at any depth.
-- province_code is the province of today that the root's code names; of a root that ended, named on its last day.
-- Where superiors form a circle, the claim of the smallest code in it is cut and said to be in a cycle.
{{ config(materialized='table') }}

with recursive nodes as (
    select
        organisation.organisation_id,
        organisation.organisation_code,
        organisation.organisation_type,
        organisation.parent_code,
        organisation.valid_to,
        superior.organisation_id as parent_id,
        organisation.organisation_code || '|' || organisation.organisation_id as label,
        type_regime.regimes = 'A' as is_regime_a,
        organisation.organisation_type = 'C1'
        and length(organisation.administrative_unit_code) = 5 as is_commune_base
    from {{ ref('int_organisation') }} as organisation
    {{ join_organisation('organisation', 'parent_code', 'superior') }}
    left join {{ ref('organisation_type_regime') }} as type_regime
        on organisation.organisation_type = type_regime.type_code
    where organisation.claim_rank = 1
),

reached as (
    select organisation_id
    from nodes
    where parent_id is null
    union all
    select nodes.organisation_id
    from nodes
    inner join reached on nodes.parent_id = reached.organisation_id
),

unreached as (
    select nodes.*
    from nodes
    left join reached on nodes.organisation_id = reached.organisation_id
    where reached.organisation_id is null
),

superiors as (
    select
        unreached.organisation_id,
        unreached.label,
        above.organisation_id as superior_id,
        above.label as superior_label
    from unreached
    inner join unreached as above on unreached.parent_id = above.organisation_id
    union
    select
        superiors.organisation_id,
        superiors.label,
        above.organisation_id as superior_id,
        above.label as superior_label
    from superiors
    inner join unreached on superiors.superior_id = unreached.organisation_id
    inner join unreached as above on unreached.parent_id = above.organisation_id
),

cuts as (
    select organisation_id
    from superiors
    group by organisation_id, label
    having bool_or(superior_id = organisation_id) and min(superior_label collate "C") = label
),

edges as (
    select
        nodes.*,
        cuts.organisation_id is not null as is_cut
    from nodes
    left join cuts on nodes.organisation_id = cuts.organisation_id
),

placed as (
    select
        edges.organisation_id,
        null::uuid as parent_id,
        edges.parent_code,
        edges.is_cut,
        edges.organisation_code as root_code,
        edges.organisation_type as root_type,
        edges.valid_to as root_valid_to,
        edges.organisation_type,
        '/' || edges.organisation_code || '/' as path,
        1 as depth,
        coalesce(edges.is_regime_a, false) as in_regime_a,
        false as in_regime_b
    from edges
    where edges.parent_id is null or edges.is_cut
    union all
    select
        edges.organisation_id,
        edges.parent_id,
        edges.parent_code,
        edges.is_cut,
        placed.root_code,
        placed.root_type,
        placed.root_valid_to,
        edges.organisation_type,
        placed.path || edges.organisation_code || '/' as path,
        placed.depth + 1 as depth,
        placed.in_regime_a or coalesce(edges.is_regime_a, false) as in_regime_a,
        placed.in_regime_b or coalesce(edges.is_commune_base and placed.organisation_type = 'T1', false) as in_regime_b
    from edges
    inner join placed on edges.parent_id = placed.organisation_id
    where not edges.is_cut
)

select
    placed.organisation_id,
    placed.parent_id,
    placed.path,
    placed.depth,
    placed.root_code,
    placed.is_cut as is_in_cycle,
    placed.parent_id is null and placed.parent_code is not null as is_parent_unresolved,
    case
        when placed.in_regime_a then 'A'
        when placed.in_regime_b then 'B'
        else 'AB'
    end as regime,
    case when placed.root_type <> 'T2' then province.province_code end as province_code
from placed
{{ join_unit_on_last_day('left(placed.root_code, 2)', 'placed.root_valid_to', 'province') }}
