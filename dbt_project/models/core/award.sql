-- Awards of cadres, members and party organisations as dated facts. Key: award_id; grain: one record of one source.
select
    {{ record_id('award') }} as award_id,
    subject_kind,
    cadre_id,
    membership_id,
    person_id,
    organisation_code,
    organisation_id,
    form,
    award_level,
    decision_no,
    decision_date,
    source,
    source_key
from {{ ref('int_award') }}
where unlinked_reason is null
