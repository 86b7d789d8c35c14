-- Cadres planned for posts. Key: planning_id; grain: one record of one source.
-- A plan holds from its decision to the end of the last year of its term; what was taken out of it no longer holds.
select
    {{ record_id('planning', 'planning') }} as planning_id,
    cadre.cadre_id,
    cadre.person_id,
    planning.target_position,
    planning.organisation_code,
    organisation.organisation_id,
    planning.organisation_code is not null and organisation.organisation_id is null as is_organisation_unresolved,
    planning.agency_code,
    agency.agency_id,
    planning.agency_code is not null and agency.agency_id is null as is_agency_unresolved,
    planning.term,
    substring(planning.term from '^\d{4}')::integer as term_from_year,
    substring(planning.term from '^\d{4}-(\d{4})$')::integer as term_to_year,
    planning.status,
    planning.decision_no,
    planning.decision_date,
    case
        when planning.status = 'VAO'
            then {{ validity(
                'planning.decision_date', "make_date(substring(planning.term from '^\d{4}-(\d{4})$')::integer + 1, 1, 1)"
            ) }}
    end as validity,
    planning.source,
    planning.source_key
from {{ ref('stg_planning') }} as planning
inner join {{ ref('int_cadre') }} as cadre
    on planning.source = cadre.source and planning.cadre_key = cadre.source_key
{{ join_organisation('planning') }}
{{ join_agency('planning') }}
