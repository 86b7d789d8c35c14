-- Whether a record says that its key now names another person: one meaning for the alarm of intake and for the person
-- step, which does not carry the id over. A mere correction is no alarm.

-- One letter or digit put wrong, too many or missing, or two neighbours swapped.
create or replace function identity.one_slip(a text, b text) returns boolean
language plpgsql immutable parallel safe
as $$
declare
    head int := 0;
    tail int := 0;
    shorter constant int := least(length(a), length(b));
    rest_a text;
    rest_b text;
begin
    while head < shorter and substr(a, head + 1, 1) = substr(b, head + 1, 1) loop
        head := head + 1;
    end loop;
    while tail < shorter - head and substr(a, length(a) - tail, 1) = substr(b, length(b) - tail, 1) loop
        tail := tail + 1;
    end loop;
    rest_a := substr(a, head + 1, length(a) - head - tail);
    rest_b := substr(b, head + 1, length(b) - head - tail);
    return greatest(length(rest_a), length(rest_b)) <= 1 or (length(rest_a) = 2 and rest_a = reverse(rest_b));
end
$$;

-- Whether one slip explains two dates of birth, as identity.clustering.births_reconcilable says: of whole ones a digit,
-- day and month swapped or the year beside; of others only the years count.
create or replace function identity.one_birth(a date, b date, whole boolean) returns boolean
language sql immutable parallel safe
return case
    when not whole or to_char(a, 'MMDD') = to_char(b, 'MMDD')
        then
            abs(extract(year from a) - extract(year from b)) <= 1
            or identity.one_slip(to_char(a, 'YYYY'), to_char(b, 'YYYY'))
    else
        extract(year from a) = extract(year from b)
        and (to_char(a, 'MMDD') = to_char(b, 'DDMM') or identity.one_slip(to_char(a, 'DDMM'), to_char(b, 'DDMM')))
end;

-- Names are keys of the full and of the other name, numbers those of documents in one order; null is unknown.
-- The name differs and nothing known agrees. A number or a whole birth date that is the same is the same person. After
-- that a number or a date of birth that no slip explains tells two people apart; where the name is nearly the same it
-- takes both. Else the day of admission and a date of birth known in part speak, and then the name alone.
create or replace function identity.another_person(
    names_before text[], names_now text[], numbers_before text[], numbers_now text[],
    birth_before date, precision_before text, birth_now date, precision_now text,
    admission_before date, admission_now date
) returns boolean
language plpgsql stable parallel safe
as $$
declare
    whole constant boolean := precision_before = 'D' and precision_now = 'D';
    alike boolean;
    other_number boolean;
    other_birth constant boolean := coalesce(not identity.one_birth(birth_before, birth_now, whole), false);
begin
    if names_before[1] is null or names_now[1] is null or names_before && names_now then
        return false;
    end if;
    if (whole and birth_before = birth_now) or exists (
        select from unnest(numbers_before) as told (number)
        where told.number = any(numbers_now) and identity.personal_id_verdict(told.number, null, null) <> 'placeholder'
    ) then
        return false;
    end if;
    other_number := exists (
        select from unnest(numbers_before, numbers_now) as told (before, now)
        where told.before <> told.now and not identity.one_slip(told.before, told.now)
    );
    alike := identity.one_slip(identity.plain_key_of(names_before[1]), identity.plain_key_of(names_now[1]));
    if alike then
        return other_number and other_birth;
    end if;
    return other_number or other_birth or not (
        coalesce(admission_before = admission_now, false)
        or coalesce(
            not whole
            and extract(year from birth_before) = extract(year from birth_now)
            and (
                'Y' in (precision_before, precision_now)
                or extract(month from birth_before) = extract(month from birth_now)
            ), false
        )
    );
end
$$;
