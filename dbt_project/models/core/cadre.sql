-- Cadres, civil servants and public employees. Key: cadre_id; grain: one cadre record of one source.
-- retires_on is the last day of the month in which the age of the decree in force is reached, by the person's surviving
-- sex and birth; of a birth known by year or month only, the first day is meant. Armed forces have laws of their own.
-- That January stands for an unknown month is a convention: such a day is never surer than med.
select
    cadre.cadre_id,
    cadre.person_id,
    cadre.staff_code,
    cadre.category,
    cadre.agency_code,
    agency.agency_id,
    agency.agency_id is null as is_agency_unresolved,
    cadre.quota_source,
    cadre.management_level,
    cadre.recruited_on,
    cadre.started_on,
    cadre.ended_on,
    {{ validity('cadre.started_on', 'cadre.ended_on') }} as validity,
    coalesce(cadre.ended_on > {{ business_date() }}, cadre.leave_reason is null) as is_serving,
    cadre.leave_reason,
    cadre.job_title,
    cadre.rank_code,
    cadre.rank_step,
    cadre.coefficient,
    cadre.rank_from,
    cadre.professional_education,
    cadre.study_field,
    cadre.political_theory,
    cadre.state_management,
    case
        when cadre.category <> 'LLVT'
            then {{ last_day_of_age('person.birth_date', 'retirement.years', 'retirement.months') }}
    end as retires_on,
    case when cadre.category <> 'LLVT' then retirement.legal_basis end as retirement_legal_basis,
    case
        when cadre.category = 'LLVT' then null
        when person.birth_date_precision = 'Y' and retirement.confidence = 'high' then 'med'
        else retirement.confidence
    end as retirement_confidence,
    cadre.retirement_basis,
    cadre.retirement_decision_no,
    cadre.retirement_on,
    cadre.source,
    cadre.source_key
from {{ ref('int_cadre') }} as cadre
inner join {{ ref('person') }} as person on cadre.person_id = person.person_id
{{ join_agency('cadre') }}
left join {{ ref('retirement_age') }} as retirement
    on
        person.sex = retirement.sex
        and person.birth_date >= retirement.born_from
        and (retirement.born_to is null or person.birth_date < retirement.born_to)
        and {{ applies_on('retirement', business_date()) }}
