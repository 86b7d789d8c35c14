-- Planning in figures: positions with too few or too many planned, who is planned, against the targets.
-- Key: profile_id; grain: source and agency level, and each level of the whole country (source is NULL). A person
-- counts once in each. Minority figures are withheld when they or their complement are small, and for the country
-- where only one source's figure is withheld.
with positions as (
    select
        source,
        agency_level,
        grouping(source) = 1 as is_country,
        count(*)::integer as positions,
        (count(*) filter (where is_below_minimum))::integer as positions_below_minimum,
        (count(*) filter (where is_above_maximum))::integer as positions_above_maximum
    from {{ ref('planning_coverage') }}
    group by grouping sets ((source, agency_level), (agency_level))
),

planned as (
    select
        coalesce(organisation.source, agency.source) as source,
        agency.agency_level,
        candidate.person_id,
        person.sex = 'F' as is_woman,
        person.birth_date
        > {{ add_months(business_date(), '-12 * ' ~ rule_number('LEADER_TARGET', 'YOUNG_MAX_YEARS')) }} as is_young,
        person.ethnicity_code not in ('01', '55', '56') as is_minority,
        count(*) over (partition by candidate.person_id, agency.agency_level)
        > {{ rule_number('PLANNING_LIMIT', 'POSITIONS_PER_PERSON') }} as is_overplanned
    from {{ ref('int_planning_candidate') }} as candidate
    inner join {{ ref('person') }} as person on candidate.person_id = person.person_id
    left join {{ ref('party_organisation') }} as organisation on candidate.place_id = organisation.organisation_id
    left join {{ ref('agency') }} as agency on candidate.place_id = agency.agency_id
),

persons as (
    select
        source,
        agency_level,
        grouping(source) = 1 as is_country,
        count(distinct person_id)::integer as candidates,
        (count(distinct person_id) filter (where is_overplanned))::integer as overplanned,
        (count(distinct person_id) filter (where is_woman))::integer as women,
        (count(distinct person_id) filter (where is_young))::integer as young,
        (count(distinct person_id) filter (where is_minority))::integer as minority_count
    from planned
    group by grouping sets ((source, agency_level), (agency_level))
),

counts as (
    select
        positions.source,
        positions.agency_level,
        positions.is_country,
        positions.positions,
        positions.positions_below_minimum,
        positions.positions_above_maximum,
        coalesce(persons.candidates, 0) as candidates,
        coalesce(persons.overplanned, 0) as overplanned,
        coalesce(persons.women, 0) as women,
        coalesce(persons.young, 0) as young,
        coalesce(persons.minority_count, 0) as minority_count
    from positions
    left join persons
        on
            positions.is_country = persons.is_country
            and positions.source is not distinct from persons.source
            and positions.agency_level is not distinct from persons.agency_level
),

small as (
    select
        *,
        {{ is_small_share('minority_count', 'candidates - minority_count') }} as is_small
    from counts
),

withheld as (
    select
        *,
        {{ is_share_withheld(['agency_level']) }} as is_minority_suppressed
    from small
),

targets as (
    {{ leader_targets('withheld', ['WOMEN_PERCENT', 'YOUNG_PERCENT', 'MINORITY_PERCENT']) }}
),

shares as (
    select
        withheld.*,
        targets.women_target_percent,
        targets.young_target_percent,
        targets.minority_target_percent,
        round(100.0 * withheld.women / nullif(withheld.candidates, 0), 1)::numeric(5, 1) as women_percent,
        round(100.0 * withheld.young / nullif(withheld.candidates, 0), 1)::numeric(5, 1) as young_percent,
        case
            when not withheld.is_minority_suppressed
                then round(100.0 * withheld.minority_count / nullif(withheld.candidates, 0), 1)
        end::numeric(5, 1) as minority_percent
    from withheld
    inner join targets on withheld.agency_level is not distinct from targets.agency_level
)

select
    md5(concat_ws('|', 'planning_profile', coalesce(source, '*'), coalesce(agency_level, '')))::uuid as profile_id,
    source,
    agency_level,
    positions,
    positions_below_minimum,
    positions_above_maximum,
    candidates,
    overplanned,
    women,
    young,
    case when not is_minority_suppressed then minority_count end as minority,
    is_minority_suppressed,
    women_percent,
    young_percent,
    minority_percent,
    women_target_percent,
    young_target_percent,
    minority_target_percent,
    women_percent < women_target_percent as is_below_women_target,
    young_percent < young_target_percent as is_below_young_target,
    minority_percent < minority_target_percent as is_below_minority_target,
    {{ rules_basis(['LEADER_TARGET', 'PLANNING_LIMIT']) }} as legal_basis,
    {{ rules_confidence(['LEADER_TARGET', 'PLANNING_LIMIT']) }} as rule_confidence
from shares
