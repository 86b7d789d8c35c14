-- Reading the texts of sources. Every reader turns a delivered text into the canonical text of its
-- type: '' where nothing was said (blank or a placeholder), NULL where something was said that
-- cannot be read. What a reader changes is a repair, named by the function <reader>_repair.
--
-- The outer functions are one expression each, so that the planner writes them into the statement;
-- they decide by cheap tests whether the text already is canonical and call a slow_ function only
-- where it is not. Regular expressions are the dear part (about 0.5 µs), hence is_digits(). What uses a
-- type's own input is stable, not immutable: the planner writes in no function that promises more than
-- its body. An offset keeps what several branches use from being written into each of them.

create or replace function landing.is_digits(t text) returns boolean
language sql stable parallel safe
-- A fence of digits leaves no room for signs, blanks or prefixes; xid8 knows no other notation. Up to 17 digits.
return pg_input_is_valid('1' || t || '1', 'xid8');

-- None is longer than ten bytes; who asks for many texts looks at the length first.
create or replace function landing.is_placeholder(t text) returns boolean
language sql immutable parallel safe
return lower(t) in (
    '', '-', '--', '---', '.', '..', '...', '…', '/', '//', 'x', 'nt', 'n/a', 'na', 'null', 'none',
    'không', 'không có', 'khong', 'như trên', 'nhu tren', 'chưa có', 'chưa rõ', 'không rõ', '?', '#n/a', '#ref!'
);

-- NFC, ordinary spaces, nothing invisible, Đ where the Icelandic eth stands for it.
create or replace function landing.slow_text(t text) returns text
language sql immutable parallel safe
return translate(
    btrim(
        regexp_replace(
            normalize(translate(t, U&'\200B\200C\200D\200E\200F\2060\FEFF\00AD', ''), nfc),
            '[\s\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+', ' ', 'g'
        )
    ),
    'Ðð', 'Đđ'
);

create or replace function landing.is_odd(t text) returns boolean
language sql stable parallel safe
return t like '%  %' or t like ' %' or t like '% '
-- ASCII without a control character, which JSON refuses, needs no regular expression.
or not (octet_length(t) = length(t) and pg_input_is_valid('"' || t || '"', 'json')) and t ~ '[\t\n\r\v\f\u00a0\u00ad\u00d0\u00f0\u0300-\u036f\u1680'
'\u2000-\u200f\u2028\u2029\u202f\u205f\u2060\u212a\u212b\u3000\ufeff]';

create or replace function landing.clean_text(t text) returns text
language sql stable parallel safe
return case
    when t is null then ''
    when t < ':' and t >= '0' and octet_length(t) between 1 and 17 and landing.is_digits(t) then t
    when landing.is_odd(t)
        then case when landing.is_placeholder(landing.slow_text(t)) then '' else landing.slow_text(t) end
    when octet_length(t) <= 10 and landing.is_placeholder(t) then ''
    else t
end;

create or replace function landing.clean_text_repair(t text, c text) returns text
language sql immutable parallel safe
return case
    when t is null or t = c or btrim(t) = '' then null
    when c = '' then 'placeholder'
    when strpos(translate(t, 'ðÐ', 'ÐÐ'), 'Ð') > 0 then 'eth'
    when t is not nfc normalized then 'unicode'
    else 'spaces'
end;

-- Key of a code that ignores what people write differently; names have identity.name_key.
create or replace function landing.code_key(t text) returns text
language sql immutable parallel safe
return btrim(
    regexp_replace(
        replace(regexp_replace(normalize(lower(landing.slow_text(t)), nfd), '[\u0300-\u036f]', '', 'g'), 'đ', 'd'),
        '[^[:alnum:]/+]+', ' ', 'g'
    )
);

-- A code: exact spelling first, then without regard to case, accents and punctuation.
create or replace function landing.code_text(t text, exact jsonb, loose jsonb) returns text
language sql immutable parallel safe
return case
    when t is null then ''
    else coalesce(
        exact ->> t,
        loose ->> landing.code_key(t),
        case when landing.is_placeholder(landing.slow_text(t)) then '' end
    )
end;

create or replace function landing.code_text_repair(t text, c text) returns text
language sql immutable parallel safe
return case when c = '' and btrim(t) <> '' then 'placeholder' end;

-- Dates: yyyy-mm-dd, or yyyy-mm and yyyy where only a part was given and `partial` takes it.
create or replace function landing.slow_date(t text, partial boolean) returns text
language plpgsql stable parallel safe
as $$
declare
    s text := translate(t, '.-', '//');
    p text [];
    y text;
    c text;
begin
    -- The usual forms without a regular expression: d/m/yyyy with any separator, and a moment.
    if s like any (array['_/_/____', '__/_/____', '_/__/____', '__/__/____']) and t <> '01-01-1970' then
        c := right(s, 4) || '-' || lpad(split_part(s, '/', 2), 2, '0') || '-' || lpad(split_part(s, '/', 1), 2, '0');
        if landing.is_digits(replace(s, '/', '')) and pg_input_is_valid(c, 'date') then
            return c;
        end if;
    elsif s like '____/__/_____:__%' and t not like '1970-01-01_00:00%' and t not like '0001-01-01%' then
        c := left(t, 10);
        if c like '____-__-__' and substr(t, 11, 1) in (' ', 'T') and pg_input_is_valid(c, 'date') then
            return c;
        end if;
    end if;
    s := btrim(landing.slow_text(t), ' ''’`');
    if landing.is_placeholder(s)
        or s ~ '^0?0[/.-]0?0[/.-]\d{4}$' or s ~ '^0000-00-00'
        or s = '01-01-1970' or s ~ '^1970-01-01[T ]00:00' or s ~ '^0001-01-01[T ]'
    then
        return '';
    end if;
    s := regexp_replace(s, '^(\d{4})$|^ng[àa]y\s+|^n[ăa]m\s+', '\1', 'i');
    p := regexp_match(s, '^(\d{4})-(\d{1,2})-(\d{1,2})([T ]\d{1,2}:\d{2}.*)?$');
    if p is not null then
        c := p[1] || '-' || lpad(p[2], 2, '0') || '-' || lpad(p[3], 2, '0');
        return case when pg_input_is_valid(c, 'date') then c end;
    end if;
    p := regexp_match(s, '^(\d{1,2})\s?[/.-]\s?(\d{1,2})\s?[/.-]\s?(\d{4}|\d{2})(\s\d{1,2}:\d{2}(:\d{2})?)?$');
    if p is not null then
        y := case when length(p[3]) = 4 then p[3] when p[3] < '30' then '20' || p[3] else '19' || p[3] end;
        c := y || '-' || lpad(p[2], 2, '0') || '-' || lpad(p[1], 2, '0');
        return case when pg_input_is_valid(c, 'date') then c end;
    end if;
    -- Days since 1899-12-30, as a spreadsheet counts them: 1927 to 2099.
    if s ~ '^\d{5}(\.\d+)?$' and left(s, 5)::integer between 10000 and 73050 then
        return (date '1899-12-30' + left(s, 5)::integer)::text;
    end if;
    if not partial then
        return null;
    end if;
    p := regexp_match(s, '^(\d{1,2})\s?[/.-]\s?(\d{4})$');
    if p is not null then
        c := p[2] || '-' || lpad(p[1], 2, '0');
        return case when pg_input_is_valid(c || '-01', 'date') then c end;
    end if;
    p := regexp_match(s, '^(\d{4})[-/](\d{1,2})$');
    if p is not null then
        c := p[1] || '-' || lpad(p[2], 2, '0');
        return case when pg_input_is_valid(c || '-01', 'date') then c end;
    end if;
    if s ~ '^(1[89]|20)\d\d(\.0+)?$' then
        return left(s, 4);
    end if;
    return null;
end
$$;

create or replace function landing.partial_date_text(t text) returns text
language sql stable parallel safe
return case
    when t is null then ''
    when t like '____-__-__' and pg_input_is_valid(t, 'date') then t
    when
        t like '__/__/____'
        and pg_input_is_valid(substr(t, 7) || substr(t, 3, 4) || left(t, 2), 'date') -- yyyy/mm/dd
        then substr(t, 7) || '-' || substr(t, 4, 2) || '-' || left(t, 2)
    else landing.slow_date(t, true)
end;

create or replace function landing.date_text(t text) returns text
language sql stable parallel safe
return case
    when t is null then ''
    when t like '____-__-__' and pg_input_is_valid(t, 'date') then t
    when
        t like '__/__/____'
        and pg_input_is_valid(substr(t, 7) || substr(t, 3, 4) || left(t, 2), 'date') -- yyyy/mm/dd
        then substr(t, 7) || '-' || substr(t, 4, 2) || '-' || left(t, 2)
    else landing.slow_date(t, false)
end;

create or replace function landing.date_text_repair(t text, c text) returns text
language sql stable parallel safe
return case
    when t is null or c is null or t = c or t like '__/__/____' then null
    when c = '' then case when btrim(t) <> '' then 'placeholder' end
    -- begins with a digit, and the year stands in four digits: another order or separator is no repair
    when t >= '0' and t < ':' and left(c, 4) in (right(t, 4), left(t, 4)) then null
    when t ~ '^\D*\d{5}(\.\d+)?$' then 'excel_serial'
    when t ~ '[/.-]\s?\d\d\s*$' and t !~ '^\D*\d{4}' then 'two_digit_year'
    when t ~ '^\s*[''’`]' then 'apostrophe'
end;

-- Numbers.
create or replace function landing.slow_integer(t text) returns text
language sql stable parallel safe
return (
    select
        case
            when landing.is_placeholder(s) then ''
            when s ~ '^[-+]?\d{1,3}([.,  ]\d{3})+$' and length(s) < 14 then regexp_replace(s, '[^0-9-]', '', 'g')
            when s ~ '^[-+]?\d{1,9}([.,]0+)?$' then regexp_replace(s, '^\+|[.,]0+$', '', 'g')
        end
    from (select btrim(landing.slow_text(t), ' ''’`') as s offset 0) as cleaned
);

create or replace function landing.integer_text(t text) returns text
language sql stable parallel safe
return case
    when t is null then ''
    when octet_length(t) between 1 and 9 and landing.is_digits(t) then t
    else landing.slow_integer(t)
end;

create or replace function landing.slow_number(t text) returns text
language sql stable parallel safe
return (
    select
        case
            when landing.is_placeholder(s) then ''
            when s ~ '^[-+]?\d{1,15}(,\d+)?$' then replace(s, ',', '.')
            when s ~ '^[-+]?\d{1,15}(\.\d+)?$' then s
            when s ~ '^[-+]?\d{1,3}(\.\d{3})+(,\d+)?$' then replace(replace(s, '.', ''), ',', '.')
            when s ~ '^[-+]?\d{1,3}(,\d{3})+(\.\d+)?$' then replace(s, ',', '')
            when s ~ '^[-+]?\d{1,3}( \d{3})+([.,]\d+)?$' then replace(replace(s, ' ', ''), ',', '.')
        end
    from (select btrim(landing.slow_text(t), ' ''’`') as s offset 0) as cleaned
);

create or replace function landing.number_text(t text) returns text
language sql stable parallel safe
return case
    when t is null then ''
    when
        octet_length(t) between 1 and 17 and landing.is_digits(replace(t, '.', '')) and pg_input_is_valid(t, 'numeric')
        then t
    else landing.slow_number(t)
end;

create or replace function landing.number_text_repair(t text, c text) returns text
language sql immutable parallel safe
return case
    when t is null or c is null or t = c or btrim(t) = '' then null
    when c = '' then 'placeholder'
    when t ~ '[.,]0+\s*$' and strpos(c, '.') = 0 then 'decimal_suffix'
    when strpos(t, ',') > 0 and strpos(c, '.') > 0 then 'decimal_comma'
    when t ~ '\d[.,\s]\d{3}' then 'thousands'
    else 'spaces'
end;

-- "3/9": the third of nine steps.
create or replace function landing.step_text(t text) returns text
language sql stable parallel safe
return case
    when t is null then ''
    when octet_length(t) between 1 and 2 and landing.is_digits(t) then t
    when t ~ '^\s*\d{1,2}\s*/\s*\d{1,2}\s*$' then btrim(split_part(t, '/', 1))
    else landing.slow_integer(t)
end;

create or replace function landing.step_text_repair(t text, c text) returns text
language sql immutable parallel safe
return case when strpos(t, '/') > 0 and c <> '' then 'step' else landing.number_text_repair(t, c) end;

create or replace function landing.boolean_text(t text) returns text
language sql immutable parallel safe
return case
    when t is null then ''
    when t in ('true', 'false') then t
    when landing.code_key(t) in ('1', '1 0', 'x', 'co', 'dung', 'true', 't', 'yes', 'y', 'v', 'phai', 'da') then 'true'
    when t ~ '^\s*[✓✔☑]\s*$' then 'true'
    when
        landing.code_key(t) in ('0', '0 0', 'khong', 'sai', 'false', 'f', 'no', 'n', 'k', 'khong phai', 'chua')
        then 'false'
    when landing.is_placeholder(landing.slow_text(t)) then ''
end;

-- Identifiers are never unreadable: what is not repaired stays as it is, and the pattern of the contract judges it.
create or replace function landing.slow_identifier(t text) returns text
language sql immutable parallel safe
return (
    select
        case
            when landing.is_placeholder(s) then ''
            when digits ~ '^\d+$' then digits
            else s
        end
    from (select btrim(landing.slow_text(t), ' ''’`') as s offset 0) as cleaned,
        lateral (select translate(regexp_replace(s, '\.0+$', ''), 'Oo .-', '00') as digits offset 0) as stripped
);

create or replace function landing.padded(t text, short integer, width integer) returns text
language sql stable parallel safe
return case when octet_length(t) = short and landing.is_digits(t) then lpad(t, width, '0') else t end;

create or replace function landing.identifier12_text(t text) returns text
language sql stable parallel safe
return case
    when t is null then ''
    when octet_length(t) = 12 and landing.is_digits(t) then t
    else landing.padded(landing.slow_identifier(t), 11, 12)
end;

create or replace function landing.identifier9_text(t text) returns text
language sql stable parallel safe
return case
    when t is null then ''
    when octet_length(t) in (9, 12) and landing.is_digits(t) then t
    else landing.padded(landing.padded(landing.slow_identifier(t), 8, 9), 11, 12)
end;

create or replace function landing.identifier8_text(t text) returns text
language sql stable parallel safe
return case
    when t is null then ''
    when octet_length(t) = 8 and landing.is_digits(t) then t
    else landing.padded(landing.slow_identifier(t), 7, 8)
end;

create or replace function landing.unit_code_text(t text) returns text
language sql stable parallel safe
return case
    when t is null then ''
    when octet_length(t) in (2, 5) and landing.is_digits(t) then t
    when landing.slow_identifier(t) ~ '^\d+$'
        then landing.padded(landing.padded(landing.slow_identifier(t), 1, 2), 4, 5)
    else landing.clean_text(t)
end;

-- NN.NNN.NNN.NNN.NNN; fourteen digits without dots are the same code.
create or replace function landing.organisation_code_text(t text) returns text
language sql stable parallel safe
return case
    when t is null then ''
    when t like '__.___.___.___.___' and landing.is_digits(replace(t, '.', '')) then t
    when landing.padded(landing.slow_identifier(t), 13, 14) ~ '^\d{14}$'
        then regexp_replace(
            landing.padded(landing.slow_identifier(t), 13, 14),
            '^(\d{2})(\d{3})(\d{3})(\d{3})(\d{3})$', '\1.\2.\3.\4.\5'
        )
    else landing.clean_text(t)
end;

-- NN.NNN or V.NN.NN.NN; names of ranks and their initials are looked up by the caller first.
create or replace function landing.rank_code_text(t text, exact jsonb, loose jsonb) returns text
language sql stable parallel safe
return case
    when t is null then ''
    when t like '__.___' and landing.is_digits(replace(t, '.', '')) then t
    when coalesce(exact ->> t, loose ->> landing.code_key(t)) is not null
        then coalesce(exact ->> t, loose ->> landing.code_key(t))
    when t ~ '^\W*\d{1,2}\s*\.\s*\d{3}\W*$' or t ~ '^\W*\d{4,5}(\.0+)?\W*$'
        then regexp_replace(
            lpad(regexp_replace(regexp_replace(t, '(\d{4,5})\.0+', '\1'), '\D', '', 'g'), 5, '0'),
            '^(..)(...)$', '\1.\2'
        )
    when landing.slow_text(t) ~* '^V\s*\.?\s*\d\d\s*\.?\s*\d\d\s*\.?\s*\d\d$'
        then regexp_replace(regexp_replace(upper(t), '[^V0-9]', '', 'g'), '^V(..)(..)(..)$', 'V.\1.\2.\3')
    else landing.clean_text(t)
end;

create or replace function landing.identifier_repair(t text, c text) returns text
language sql immutable parallel safe
return case
    when t is null or t = c or btrim(t) = '' then null
    when c = '' then 'placeholder'
    when t ~ '^\s*[''’`]' then 'apostrophe'
    when t ~ '\.0+\s*$' and c !~ '\.0+$' then 'decimal_suffix'
    when t ~* 'o' and c !~* 'o' then 'letter_o'
    when
        t ~ '\d' and length(regexp_replace(c, '\D', '', 'g')) > length(regexp_replace(t, '\D', '', 'g'))
        then 'leading_zero'
    when t !~ '\d' then 'name'
    when strpos(c, '.') > 0 and strpos(t, '.') = 0 then 'dots'
    else 'spaces'
end;

-- “Ông” is a family name too: a title only where a common family name follows, as in identity.name_key.
-- “Đồng Chí” can be family and middle name (Đồng Chí Bằng): a title only before a whole name.
create or replace function landing.without_titles(t text) returns text
language sql immutable parallel safe
return regexp_replace(
    t,
    '^(đ\s?[/.]\s?c\.?\s*:?\s*|đồng chí(?=\s*:|\s+\S+\s+\S)\s*:?\s*|(gs|pgs|ts|ths|bs|ks|cn|ls)\.\s*|(gs|pgs|ts|ths)\s+'
    '|bà\s+|ông\s+(?=(nguyễn|trần|lê|phạm|hoàng|huỳnh|vũ|võ|phan|trương|bùi|đặng|đỗ|ngô|hồ|dương|đinh|lý|đào|đoàn'
    '|lương|mai|trịnh|lâm|cao|tạ|tô|hà|thái|châu|chu|phùng|lưu|tăng|vương|tống|quách|nông|lò|vàng|giàng|thạch'
    '|kim|y|gs|pgs|ts|ths)[\s.]))+', '', 'i'
);

-- Names of persons: Title case, without a form of address and without a nickname in brackets.
create or replace function landing.slow_name(t text) returns text
language sql immutable parallel safe
return (
    select
        case
            when landing.is_placeholder(s) then ''
            when s = upper(s) or s = lower(s) then initcap(s)
            else s
        end
    from (
        select landing.slow_text(
            landing.without_titles(btrim(regexp_replace(landing.slow_text(t), '\s*[(\[][^)\]]*[)\]]', ' ', 'g')))
        ) as s
        offset 0
    ) as cleaned
);

create or replace function landing.person_name_text(t text) returns text
language sql immutable parallel safe
return case
    when t is null then ''
    when
        t like '%  %' or t like ' %' or t like '% ' or t not like '% %'
        -- a list of nine and more is searched by hash
        or lower(split_part(t, ' ', 1)) in ('đồng', 'đ', 'đc', 'ông', 'bà', 'gs', 'pgs', 'ts', 'ths', 'bs', 'ks')
        or octet_length(t) <= 10 and landing.is_placeholder(t)
        or t ~ '[\t\n\r\v\f\u00a0\u00ad\u00d0\u00f0\u0300-\u036f\u1680'
        '\u2000-\u200f\u2028\u2029\u202f\u205f\u2060\u212a\u212b\u3000\ufeff(\[/.]'
        then landing.slow_name(t)
    when t = upper(t) or not t between 'A' and 'Z' collate "C" and t = lower(t) then initcap(t)
    else t
end;

create or replace function landing.person_name_text_repair(t text, c text) returns text
language sql immutable parallel safe
return case
    when t is null or t = c or btrim(t) = '' then null
    when c = '' then 'placeholder'
    when lower(t) = lower(c) then 'case'
    when t ~ '[(\[]' then 'alias'
    when landing.slow_text(t) ~* '^((đ\s?[/.]\s?c|đồng chí(?=\s*:|\s+\S+\s+\S)|ông|bà|gs|pgs|ts|ths|bs|ks|cn|ls)\M)' then 'title'
    when lower(landing.slow_text(t)) = lower(c) and landing.slow_text(t) <> c then 'case'
    else landing.clean_text_repair(t, c)
end;
