-- Posts that a higher level assigned against those handed on from them. Key: allocation_id; grain: parent decision,
-- category and year, as one source says. Children are the decisions in force that name the parent, those of agencies
-- and totals of the next level alike; who names a decision that was replaced counts under the one in its place. Two
-- bodies may give the same number to a decision, so parent and child are sought in one source. The rule is that of the
-- day of the parent decision; before there was one, nothing is said.
with totals as (
    select
        *,
        coalesce(agency_id::text, concat_ws('|', source, agency_code)) as holder
    from {{ ref('staffing_quota') }}
    where is_total and decision_no is not null and year is not null and category is not null
),

parents as (
    select
        source,
        decision_no,
        year,
        category,
        min(decision_date) as decision_date,
        max(authority_level) as authority_level,
        case when count(distinct holder) = 1 then min(agency_id::text)::uuid end as agency_id,
        sum(assigned)::integer as assigned
    from totals
    where is_in_force
    group by source, decision_no, year, category
),

standing as (
    select distinct on (named.source, named.year, named.category, named.decision_no)
        named.source as named_source,
        named.decision_no as named_decision_no,
        named.year,
        named.category,
        parent.source,
        parent.decision_no
    from totals as named
    inner join totals as parent
        on
            named.holder = parent.holder
            and named.year = parent.year
            and named.category = parent.category
            and named.authority_level is not distinct from parent.authority_level
            and parent.is_in_force
    order by
        named.source asc,
        named.year asc,
        named.category asc,
        named.decision_no asc,
        named.is_in_force desc,
        parent.decision_date desc nulls last,
        parent.decision_no asc
),

handed_on as (
    select
        standing.source,
        standing.decision_no,
        standing.year,
        standing.category,
        count(*)::integer as children,
        sum(child.assigned)::integer as children_assigned
    from standing
    inner join {{ ref('staffing_quota') }} as child
        on
            standing.named_source = child.source
            and standing.named_decision_no = child.parent_decision_no
            and standing.year = child.year
            and standing.category = child.category
    where child.is_in_force and (not child.is_total or child.decision_no is distinct from standing.decision_no)
    group by standing.source, standing.decision_no, standing.year, standing.category
),

allocations as (
    select
        parents.*,
        coalesce(handed_on.children, 0) as children,
        coalesce(handed_on.children_assigned, 0) as children_assigned
    from parents
    left join handed_on
        on
            parents.source = handed_on.source
            and parents.decision_no = handed_on.decision_no
            and parents.year = handed_on.year
            and parents.category = handed_on.category
)

select
    md5(
        concat_ws(
            '|', 'staffing_allocation', allocations.source, allocations.decision_no, allocations.year,
            allocations.category
        )
    )::uuid as allocation_id,
    allocations.decision_no,
    allocations.decision_date,
    allocations.authority_level,
    allocations.agency_id,
    agency.province_code,
    allocations.year,
    allocations.category,
    allocations.assigned,
    allocations.children,
    allocations.children_assigned,
    allocations.assigned - allocations.children_assigned as difference,
    case
        when rule.value is null or allocations.assigned is null then null
        when allocations.children_assigned > allocations.assigned + rule.value::integer then 'VUOT'
        when allocations.children_assigned < allocations.assigned then 'CON'
        else 'DU'
    end as allocation_state,
    rule.legal_basis,
    rule.confidence as rule_confidence,
    allocations.source
from allocations
left join {{ ref('agency') }} as agency on allocations.agency_id = agency.agency_id
left join {{ ref('dated_rule') }} as rule
    on
        rule.rule_code = 'QUOTA_SUM'
        and rule.parameter = 'MAX_OVER'
        and {{ applies_on('rule', 'coalesce(allocations.decision_date, make_date(allocations.year, 1, 1))') }}
