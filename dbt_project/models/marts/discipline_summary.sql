-- Discipline as figures only. Key: summary_id; grain: source, kind of subject, kind and form, and the whole country
-- (source is NULL). Class P3 beneath: a figure below the smallest publishable number is withheld, and the country's
-- where only one source's figure is withheld. Whoever two decisions bar counts once. A form without a rule of its end
-- stays in force until its source says that it has ended.
with decisions as (
    select
        discipline.source,
        discipline.subject_kind,
        coalesce(discipline.discipline_kind, 'KHONG_RO') as discipline_kind,
        coalesce(discipline.form, 'KHONG_RO') as form,
        discipline.person_id,
        coalesce(discipline.effective_from, discipline.decision_date) <= {{ business_date() }}
        and {{ business_date() }} < coalesce(
            discipline.effective_to,
            {{ add_months('coalesce(discipline.effective_from, discipline.decision_date)', 'ending.value::numeric') }},
            'infinity'::date
        ) as is_in_force,
        coalesce(
            discipline.decision_date <= {{ business_date() }}
            and {{ business_date() }} < {{ add_months('discipline.decision_date', 'bar.value::numeric') }},
            false
        ) as is_barred,
        bar.legal_basis,
        bar.confidence
    from {{ ref('discipline') }} as discipline
    left join {{ ref('dated_rule') }} as bar
        on
            bar.rule_code = 'DISCIPLINE_BAR'
            and bar.parameter = discipline.form || '_MONTHS'
            and {{ applies_on('bar', 'discipline.decision_date') }}
    left join {{ ref('dated_rule') }} as ending
        on
            ending.rule_code = 'DISCIPLINE_END'
            and ending.parameter = discipline.discipline_kind || '_' || discipline.form || '_MONTHS'
            and {{ applies_on('ending', business_date()) }}
),

counts as (
    select
        source,
        subject_kind,
        discipline_kind,
        form,
        grouping(source) = 1 as is_country,
        count(*)::integer as decisions,
        (count(*) filter (where is_in_force))::integer as in_force,
        (count(distinct person_id) filter (where is_barred))::integer as barred_persons,
        max(legal_basis) as legal_basis,
        max(confidence) as confidence
    from decisions
    group by
        grouping sets (
            (source, subject_kind, discipline_kind, form), (subject_kind, discipline_kind, form)
        )
),

small as (
    select
        counts.*,
        counts.decisions < {{ rule_number('SMALL_CELL', 'MIN_COUNT') }} as are_few_decisions,
        counts.in_force < {{ rule_number('SMALL_CELL', 'MIN_COUNT') }} as are_few_in_force,
        counts.barred_persons < {{ rule_number('SMALL_CELL', 'MIN_COUNT') }} as are_few_barred
    from counts
),

withheld as (
    select
        small.*,
        small.are_few_decisions
        or (
            small.is_country
            and count(*) filter (where small.are_few_decisions and not small.is_country) over same_form = 1
        ) as are_decisions_withheld,
        small.are_few_in_force
        or (
            small.is_country
            and count(*) filter (where small.are_few_in_force and not small.is_country) over same_form = 1
        ) as is_in_force_withheld,
        small.are_few_barred
        or (
            small.is_country
            and count(*) filter (where small.are_few_barred and not small.is_country) over same_form = 1
        ) as are_barred_withheld
    from small
    window same_form as (partition by small.subject_kind, small.discipline_kind, small.form)
)

select
    md5(concat_ws(
        '|', 'discipline_summary', coalesce(source, '*'), discipline_kind, form, nullif(subject_kind, 'CA_NHAN')
    ))::uuid as summary_id,
    source,
    subject_kind,
    discipline_kind,
    form,
    case when not are_decisions_withheld then decisions end as decisions,
    case when not is_in_force_withheld then in_force end as in_force,
    case when not are_barred_withheld then barred_persons end as barred_persons,
    are_decisions_withheld or is_in_force_withheld or are_barred_withheld as is_suppressed,
    legal_basis,
    confidence as rule_confidence
from withheld
