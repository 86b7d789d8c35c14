-- Awards of each period to organisations of the unit and to members who were in it on the day. Grain: period_no, award.
-- Where a member was on the day is undone from where they are now, as of members. An award that a source sends with
-- the record of a cadre is one of the office, not of the Party.
with awarded as (
    select
        period.period_no,
        award.*
    from period
    inner join published.award as award
        on
            award.subject_kind in ('TAP_THE', 'DANG_VIEN')
            and period.from_on <= award.decision_date
            and period.to_on > award.decision_date
),

later as (
    select distinct on (awarded.period_no, awarded.award_id, left(transfer.from_organisation_code, 2))
        awarded.period_no,
        awarded.award_id,
        left(transfer.from_organisation_code, 2) as root,
        transfer.from_organisation_id
    from awarded
    inner join transfer on awarded.person_id = transfer.person_id
    where awarded.decision_date < transfer.moved_on
    order by
        awarded.period_no,
        awarded.award_id,
        left(transfer.from_organisation_code, 2),
        transfer.moved_on,
        transfer.movement_id
)

select
    awarded.period_no,
    awarded.person_id,
    place.organisation_id,
    awarded.subject_kind,
    lower(awarded.form) as award_form,
    awarded.source,
    awarded.source_key,
    awarded.decision_date as happened_on
from awarded
left join published.party_membership as spell
    on
        awarded.person_id = spell.person_id
        and spell.validity @> awarded.decision_date
        and spell.standing not in ('TRUNG_KHAI', 'CHO_TIEP_NHAN')
left join later
    on
        awarded.period_no = later.period_no
        and awarded.award_id = later.award_id
        and left(spell.organisation_code, 2) = later.root
inner join subtree as place
    on coalesce(awarded.organisation_id, later.from_organisation_id, spell.organisation_id) = place.organisation_id
