-- Posts held in the unit's agencies and party organisations at the end of each period. Grain: period_no, assignment.
-- Which post it is, is read from the title, for want of an agreed list of codes. A title of two posts counts in both.
-- committee_level says of a post in a party committee which one it is: the province's, or that of a commune, which was
-- above the basic organisations and is one of them since.
select
    period.period_no,
    assignment.person_id,
    coalesce(subtree.organisation_id, office.organisation_id) as organisation_id,
    office.agency_id,
    office.block,
    office.agency_type,
    office.agency_level,
    case
        when subtree.organisation_type in ('T1', 'T2') then 'TINH'
        when subtree.organisation_type = 'H1' then 'XA'
        when subtree.organisation_type = 'C1' and subtree.depth = 2 and subtree.sector in ('1', '2', '3b') then 'XA'
    end as committee_level,
    assignment.source,
    assignment.source_key,
    assignment.started_on as happened_on,
    coalesce(assignment.is_head, false) as is_head,
    titles.title ~ '^(phó |pgđ|pct)' and titles.title !~ 'phòng' and not coalesce(assignment.is_head, false)
        as is_deputy,
    titles.title ~ '(ban chấp hành|bch|cấp ủy viên)' as is_committee_member,
    titles.title ~ '(ban thường vụ|btv)' as is_standing_member,
    titles.title ~ '^(bí thư (đảng ủy|tỉnh ủy|thành ủy|đặc khu)|bt đu)'
    or (subtree.organisation_id is not null and titles.title = 'bí thư') as is_secretary,
    titles.title ~ '^(phó bí thư|pbt)' as is_deputy_secretary,
    titles.title ~ '(chủ tịch|ct) hđnd' and titles.title !~ '(phó (chủ tịch|ct)|pct) hđnd' as is_council_chair,
    titles.title ~ '(phó (chủ tịch|ct)|pct) hđnd' as is_council_deputy,
    titles.title ~ '^(chủ tịch|ct) ubnd' as is_government_chair,
    titles.title ~ '^(phó (phó )?(chủ tịch|ct)|pct)( tt)? ubnd' as is_government_deputy,
    coalesce(cadre.professional_education, person.professional_education) as professional_education,
    coalesce(cadre.political_theory, person.political_theory) as political_theory,
    person.sex,
    date_part('year', age(period.to_on - 1, person.birth_date)) as age,
    minority.is_minority
from period
inner join published.position_assignment as assignment on assignment.validity @> (period.to_on - 1)
cross join lateral lower(assignment.position_title) as titles (title)
left join office on assignment.agency_id = office.agency_id
left join subtree on assignment.organisation_id = subtree.organisation_id
inner join published.person as person on assignment.person_id = person.person_id
left join published.cadre as cadre on assignment.cadre_id = cadre.cadre_id
left join minority on assignment.person_id = minority.person_id
where office.agency_id is not null or subtree.organisation_id is not null
