-- Deputies against the cap that agencies of one kind share. Key: deputy_balance_id; grain: cap and group, the group
-- being a province for its departments, a commune for its offices. reduce_by is the day until which a surplus that
-- came from the reorganisation may stand.
with cut as (
    select
        {{ add_months('rule.valid_from', '12 * rule.value::integer') }} as reduce_by,
        rule.confidence
    from {{ ref('dated_rule') }} as rule
    where
        rule.rule_code = 'DEPUTY_CAP'
        and rule.parameter = 'REDUCTION_YEARS'
        and {{ applies_on('rule', business_date()) }}
)

select
    md5(concat_ws('|', 'deputy_balance', surplus.cap_parameter, surplus.group_code))::uuid as deputy_balance_id,
    surplus.cap_parameter,
    surplus.group_code,
    surplus.province_code,
    surplus.agencies,
    surplus.deputies,
    surplus.deputy_cap,
    greatest(surplus.deputies - surplus.deputy_cap, 0) as surplus,
    surplus.deputies > surplus.deputy_cap as is_over_cap,
    case when surplus.deputies > surplus.deputy_cap then cut.reduce_by end as reduce_by,
    surplus.legal_basis,
    case when surplus.deputies > surplus.deputy_cap then cut.confidence else surplus.confidence end as rule_confidence,
    surplus.source
from {{ ref('int_deputy_surplus') }} as surplus
left join cut on true
