-- Evaluations of cadres, members and collectives by period. Key: evaluation_id; grain: one record of one source.
-- Year and quarter are those of yearly and quarterly ones: one of a term or out of turn counts in neither.
select
    {{ record_id('evaluation') }} as evaluation_id,
    subject_kind,
    cadre_id,
    membership_id,
    person_id,
    agency_code,
    agency_id,
    agency_code is not null and agency_id is null as is_agency_unresolved,
    organisation_code,
    organisation_id,
    organisation_code is not null and organisation_id is null as is_organisation_unresolved,
    period_type,
    period,
    case period_type
        when 'NAM' then substring(period from '^\d{4}$')
        when 'QUY' then substring(period from '^(\d{4})-Q[1-4]$')
    end::integer as year,
    case when period_type = 'QUY' then substring(period from '^\d{4}-Q([1-4])$')::integer end as quarter,
    general_score,
    result_score,
    total_score,
    level,
    decided_on,
    source,
    source_key
from {{ ref('int_evaluation') }}
where unlinked_reason is null
