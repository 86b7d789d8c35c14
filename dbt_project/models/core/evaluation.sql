-- Evaluations of cadres, members and collectives by period. Key: evaluation_id; grain: one record of one source.
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
    substring(period from '^\d{4}')::integer as year,
    substring(period from '^\d{4}-Q([1-4])$')::integer as quarter,
    general_score,
    result_score,
    total_score,
    level,
    decided_on,
    source,
    source_key
from {{ ref('int_evaluation') }}
where unlinked_reason is null
