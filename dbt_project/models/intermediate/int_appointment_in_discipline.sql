-- What discipline speaks against: an appointment made while it was barred; the post of somebody reprimanded again
-- within the term. Key: (assignment_id, check_code). Class P3: never published, counted only.
-- The bar runs from the decision for the months that the form asks for; its last day is the day before it ends. Of
-- several bars the one decided last is named. A term begins with the post. Reprimands of the Party and of the
-- administration are counted apart, since one act may bring one of each, and two decisions of one day are one.
with barred as (
    select distinct on (appointment.assignment_id)
        'TRONG_THOI_HAN_KY_LUAT' as check_code,
        appointment.assignment_id,
        appointment.province_code,
        appointment.source,
        rule.legal_basis,
        rule.confidence
    from {{ ref('int_appointment') }} as appointment
    inner join {{ ref('discipline') }} as discipline on appointment.person_id = discipline.person_id
    inner join {{ ref('dated_rule') }} as rule
        on
            rule.rule_code = 'DISCIPLINE_BAR'
            and rule.parameter = discipline.form || '_MONTHS'
            and {{ applies_on('rule', 'discipline.decision_date') }}
    where
        appointment.assignment_kind in ('BO_NHIEM', 'BO_NHIEM_LAI', 'BAU', 'CHI_DINH')
        and appointment.decided_on >= discipline.decision_date
        and appointment.decided_on < {{ add_months('discipline.decision_date', 'rule.value::numeric') }}
    order by appointment.assignment_id asc, discipline.decision_date desc, rule.parameter asc
),

reprimands as (
    select
        appointment.assignment_id,
        appointment.province_code,
        appointment.source,
        discipline.discipline_kind,
        count(distinct discipline.decision_date) as reprimands
    from {{ ref('int_appointment') }} as appointment
    inner join {{ ref('discipline') }} as discipline
        on
            appointment.person_id = discipline.person_id
            and discipline.form = 'KHIEN_TRACH'
            and appointment.acted_on <= discipline.decision_date
    where not appointment.is_of_cell
    group by appointment.assignment_id, appointment.province_code, appointment.source, discipline.discipline_kind
),

reprimanded_again as (
    select distinct
        'NHIEU_LAN_KHIEN_TRACH' as check_code,
        reprimands.assignment_id,
        reprimands.province_code,
        reprimands.source,
        rule.legal_basis,
        rule.confidence
    from reprimands
    inner join {{ ref('dated_rule') }} as rule
        on
            rule.rule_code = 'DISMISSAL'
            and rule.parameter = 'REPRIMANDS_IN_TERM'
            and {{ applies_on('rule', business_date()) }}
            and reprimands.reprimands >= rule.value::integer
)

select * from barred
union all
select * from reprimanded_again
