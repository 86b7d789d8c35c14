-- What a source changed of an organisation within its record, under a new decision.
-- Key: (source, source_key, first_batch), the version that brought the change.
-- A change without a new decision is taken for a correction and is no event.
with versions as (
    select
        version.*,
        type_regime.type_in_b as organisation_type_in_b,
        row_number() over (partition by version.source, version.source_key order by version.first_batch) as version_no
    from {{ ref('stg_organisation_version') }} as version
    left join {{ ref('organisation_type_regime') }} as type_regime
        on version.organisation_type = type_regime.type_code
),

changes as (
    select
        after.source,
        after.source_key,
        after.first_batch,
        after.decision_no,
        after.decision_date,
        {{ organisation_change('before', 'after') }} as change_kind
    from versions as before
    inner join versions as after
        on
            before.source = after.source
            and before.source_key = after.source_key
            and before.version_no + 1 = after.version_no
    where
        before.organisation_code = after.organisation_code
        and after.decision_date is not null
        and (before.decision_no, before.decision_date) is distinct from (after.decision_no, after.decision_date)
)

select * from changes
where change_kind is not null
