-- Who leads, in shares: women, young, minority, science-trained, qualified. Key: profile_id; grain: source, level of
-- agencies, management level, and the whole country (source is NULL). A person counts once in each. Minority figures
-- are withheld when they or their complement are small, and for the country where only one source's is withheld.
with leaders as (
    select distinct
        assignment.source,
        agency.agency_level,
        cadre.management_level,
        assignment.person_id,
        person.sex = 'F' as is_woman,
        person.birth_date
        > {{ add_months(business_date(), '-12 * ' ~ rule_number('LEADER_TARGET', 'YOUNG_MAX_YEARS')) }} as is_young,
        date_part('year', age({{ business_date() }}, person.birth_date)) as age,
        person.ethnicity_code not in ('01', '55', '56') as is_minority,
        cadre.study_field is not null as has_field,
        science.parameter is not null as is_science_trained,
        cadre.professional_education in ('4', '5', '6', '7') as has_degree,
        cadre.professional_education in ('5', '6', '7') as has_higher_degree,
        cadre.political_theory in ('3', '4') as has_senior_theory
    from {{ ref('position_assignment') }} as assignment
    inner join {{ ref('agency') }} as agency on assignment.agency_id = agency.agency_id
    inner join {{ ref('cadre') }} as cadre on assignment.cadre_id = cadre.cadre_id
    inner join {{ ref('person') }} as person on assignment.person_id = person.person_id
    left join {{ ref('dated_rule') }} as science
        on
            science.rule_code = 'SCIENCE_FIELD'
            and cadre.study_field = science.parameter
            and {{ applies_on('science', business_date()) }}
    where
        assignment.is_current
        and assignment.assignment_kind not in ('MIEN_NHIEM', 'TU_CHUC', 'THOI_GIU', 'TAM_DINH_CHI', 'CACH_CHUC')
),

counts as (
    select
        source,
        agency_level,
        management_level,
        grouping(source) = 1 as is_country,
        count(distinct person_id)::integer as leaders,
        (count(distinct person_id) filter (where is_woman))::integer as women,
        (count(distinct person_id) filter (where is_young))::integer as young,
        (count(distinct person_id) filter (where age <= 40))::integer as up_to_40,
        (count(distinct person_id) filter (where age > 40 and age <= 50))::integer as from_41_to_50,
        (count(distinct person_id) filter (where age > 50))::integer as over_50,
        (count(distinct person_id) filter (where is_minority))::integer as minority_count,
        (count(distinct person_id) filter (where has_field))::integer as with_field,
        (count(distinct person_id) filter (where is_science_trained))::integer as science_trained,
        (count(distinct person_id) filter (where has_degree))::integer as with_degree,
        (count(distinct person_id) filter (where has_higher_degree))::integer as with_higher_degree,
        (count(distinct person_id) filter (where has_senior_theory))::integer as with_senior_theory
    from leaders
    group by grouping sets ((source, agency_level, management_level), (agency_level, management_level))
),

small as (
    select
        *,
        {{ is_small_share('minority_count', 'leaders - minority_count') }} as is_small
    from counts
),

withheld as (
    select
        *,
        {{ is_share_withheld(['agency_level', 'management_level']) }} as is_minority_suppressed
    from small
),

targets as (
    {{ leader_targets('withheld', ['WOMEN_PERCENT', 'YOUNG_PERCENT', 'MINORITY_PERCENT', 'SCIENCE_PERCENT']) }}
),

shares as (
    select
        withheld.*,
        targets.women_target_percent,
        targets.young_target_percent,
        targets.minority_target_percent,
        targets.science_target_percent,
        round(100.0 * withheld.women / withheld.leaders, 1)::numeric(5, 1) as women_percent,
        round(100.0 * withheld.young / withheld.leaders, 1)::numeric(5, 1) as young_percent,
        case
            when not withheld.is_minority_suppressed then round(100.0 * withheld.minority_count / withheld.leaders, 1)
        end::numeric(5, 1) as minority_percent,
        round(100.0 * withheld.science_trained / nullif(withheld.with_field, 0), 1)::numeric(5, 1) as science_percent,
        round(100.0 * withheld.with_higher_degree / withheld.leaders, 1)::numeric(5, 1) as higher_degree_percent
    from withheld
    inner join targets on withheld.agency_level is not distinct from targets.agency_level
)

select
    md5(concat_ws(
        '|', 'leadership_profile', coalesce(source, '*'), coalesce(agency_level, ''), coalesce(management_level, '')
    ))::uuid as profile_id,
    source,
    agency_level,
    management_level,
    leaders,
    women,
    young,
    up_to_40,
    from_41_to_50,
    over_50,
    case when not is_minority_suppressed then minority_count end as minority,
    is_minority_suppressed,
    with_field,
    science_trained,
    with_degree,
    with_higher_degree,
    with_senior_theory,
    women_percent,
    young_percent,
    minority_percent,
    science_percent,
    higher_degree_percent,
    women_target_percent,
    young_target_percent,
    minority_target_percent,
    science_target_percent,
    women_percent < women_target_percent as is_below_women_target,
    young_percent < young_target_percent as is_below_young_target,
    minority_percent < minority_target_percent as is_below_minority_target,
    science_percent < science_target_percent as is_below_science_target,
    {{ rules_basis(['LEADER_TARGET']) }} as legal_basis,
    {{ rules_confidence(['LEADER_TARGET']) }} as rule_confidence,
    {{ rules_confidence(['SCIENCE_FIELD']) }} as science_confidence
from shares
