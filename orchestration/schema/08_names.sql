-- Keys of names, as sources.text.vietnamese computes them; a property test holds the two together.
-- Keys are for finding and sorting and are never shown.

-- Key that keeps accents. Case, tone placement, forms of address, aliases in brackets, hyphens and the
-- shape of apostrophes do not count.
create or replace function identity.name_key(t text) returns text
language plpgsql immutable parallel safe
as $$
declare
    plain constant boolean := t ~ '^[A-Za-zÀ-ÏÑ-ïñ-ɏḀ-ỹ]+( [A-Za-zÀ-ÏÑ-ïñ-ɏḀ-ỹ]+)*$'; -- as intake leaves nearly all
    k text := lower(case when plain then t else landing.slow_text(t) end);
    round int;
begin
    if plain and k !~ '^(đồng chí|bà|ông|gs|pgs|ts|ths|đ) ' then
        return case when k ~ 'o[àáảãạèéẻẽẹ]|u[ỳýỷỹỵ]' then landing.name_key(k) else k end;
    end if;
    if k ~ '[^ [:alnum:]]|^(đồng chí|bà|ông|gs|pgs|ts|ths|đ) ' then
        k := landing.slow_text(regexp_replace(k, '\s*[(\[][^)\]]*[)\]]', ' ', 'g'));
        for round in 1..3 loop
            k := regexp_replace(
                regexp_replace(
                    k,
                    '^((đ\s?[/.]\s?c\.?|đồng chí)\s*:?\s*|((gs|pgs|ts|ths|bs|ks|cn|ls)\.\s*)+|(gs|pgs|ts|ths)\s+|bà\s+)', ''
                ),
                '^ông\s+(?=(nguyễn|trần|lê|phạm|hoàng|huỳnh|vũ|võ|phan|trương|bùi|đặng|đỗ|ngô|hồ|dương|đinh|lý|đào|đoàn'
                '|lương|mai|trịnh|lâm|cao|tạ|tô|hà|thái|châu|chu|phùng|lưu|tăng|vương|tống|quách|nông|lò|vàng|giàng|thạch'
                '|kim|y)\s)',
                ''
            );
        end loop;
        k := regexp_replace(translate(btrim(k), '’‘ʼʻ`´′＇-‐‑‒–—', '''''''''''''''''      '), '\s*''\s*', '''', 'g');
    end if;
    return landing.name_key(k);
end
$$;

create or replace function identity.plain_key_of(name_key text) returns text
language plpgsql immutable parallel safe
as $$
declare
    k text := translate(
        name_key,
        'àảãáạăằẳẵắặâầẩẫấậđèẻẽéẹêềểễếệìỉĩíịòỏõóọôồổỗốộơờởỡớợùủũúụưừửữứựỳỷỹýỵ',
        'aaaaaaaaaaaaaaaaadeeeeeeeeeeeiiiiiooooooooooooooooouuuuuuuuuuuyyyyy'
    );
begin
    if k ~ '^[a-z ]*$' then
        return k;
    end if;
    return btrim(
        regexp_replace(
            replace(regexp_replace(normalize(name_key, nfd), '[\u0300-\u036f]', '', 'g'), 'đ', 'd'),
            '[^[:alnum:]]+', ' ', 'g'
        )
    );
end
$$;

-- Key without accents: “Đặng Thị Hoà” is “dang thi hoa”, “K'Brể” is “k bre”.
create or replace function identity.plain_key(t text) returns text
language sql immutable parallel safe
return identity.plain_key_of(identity.name_key(t));

-- Letters in Vietnamese order with digits before them, the weight of each and of its tone (vn-collate, after ICU).
create or replace function identity.sort_letters() returns text
language sql immutable parallel safe
return
    '0123456789aàảãáạăằẳẵắặâầẩẫấậbḅcćdḍđeèẻẽéẹêềểễếệfgǵhḥiìỉĩíịjkḱḳlĺḷmḿṃnǹ'
    'ñńṇoòỏõóọôồổỗốộơờởỡớợpṕqrŕṛsśṣtṭuùủũúụưừửữứựvṽṿwẁẃẉxyỳỷỹýỵzźẓ';

create or replace function identity.letter_weights() returns text
language sql immutable parallel safe
return
    e'\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0b\x0b\x0b\x0b\x0b\x0c\x0c\x0c\x0c\x0c\x0c\x0d\x0d\x0d'
    '\x0d\x0d\x0d\x0e\x0e\x0f\x0f\x10\x10\x11\x12\x12\x12\x12\x12\x12\x13\x13\x13\x13\x13\x13\x14\x15\x15'
    '\x16\x16\x17\x17\x17\x17\x17\x17\x18\x19\x19\x19\x1a\x1a\x1a\x1b\x1b\x1b\x1c\x1c\x1c\x1c\x1c\x1d\x1d'
    '\x1d\x1d\x1d\x1d\x1e\x1e\x1e\x1e\x1e\x1e\x1f\x1f\x1f\x1f\x1f\x1f\x20\x20\x21\x22\x22\x22\x23\x23\x23'
    '\x24\x24\x25\x25\x25\x25\x25\x25\x26\x26\x26\x26\x26\x26\x27\x27\x27\x28\x28\x28\x28\x29\x2a\x2a\x2a'
    '\x2a\x2a\x2a\x2b\x2b\x2b';

create or replace function identity.tone_weights() returns text
language sql immutable parallel safe
return
    '0000000000012345012345012345050405001234501234500405012345004504504501'
    '3450123450123450123450400450450501234501234503501450012345045';

-- Sort key of one syllable (lower case, NFC): weights of letters, of tones and of case, a zero byte behind each.
create or replace function identity.syllable_sort_key(s text) returns text
language sql immutable parallel safe
return replace(
    encode(
        convert_to(
            translate(
                regexp_replace(s, '[^' || identity.sort_letters() || ']', '~', 'g'),
                identity.sort_letters(), identity.letter_weights()
            ),
            'UTF8'
        ),
        'hex'
    ),
    '7e', 'fe'
) || '00' || regexp_replace(
    translate(
        regexp_replace(s, '[^' || identity.sort_letters() || ']', '0', 'g'),
        identity.sort_letters(), identity.tone_weights()
    ),
    '(.)', '0\1', 'g'
) || '00' || repeat('00', length(s)) || '00';

-- Sorts names by given name, then middle names, then family name. Compare with collation "C".
create or replace function identity.sort_key(t text) returns text
language plpgsql immutable parallel safe
as $$
declare
    parts text [] := array_remove(
        string_to_array(
            replace(
                translate(
                    normalize(
                        regexp_replace(
                            normalize(identity.name_key(t), nfd),
                            '[\u0304\u0305\u0307\u0308\u030a-\u031a\u031c-\u0322\u0324-\u036f]', '', 'g'
                        ),
                        nfc
                    ),
                    'ĕĭŏŭ', 'eiou'
                ),
                U&'\0306', ''
            ),
            ' '
        ),
        ''
    );
    n constant int := coalesce(array_length(parts, 1), 0);
    k text;
    i int;
begin
    if n = 0 then
        return '';
    end if;
    k := identity.syllable_sort_key(parts[n]);
    for i in 2..n - 1 loop
        k := k || identity.syllable_sort_key(parts[i]);
    end loop;
    return k || '00' || case when n > 1 then identity.syllable_sort_key(parts[1]) else '' end;
end
$$;

-- Whether linkage may lean on a personal id, as identity.identifiers.personal_id_verdict says. Only the year of the
-- birth date counts. Prefix and number of holders are facts of the warehouse and come from the caller.
create or replace function identity.personal_id_verdict(
    personal_id text, sex text, birth_date date,
    prefix_known boolean default true, holders bigint default 1, most_holders bigint default 8
) returns text
language sql stable parallel safe
return case
    when personal_id is null or personal_id = '' then 'missing'
    when length(personal_id) <> 12 or not landing.is_digits(personal_id) then 'malformed'
    when
        right(personal_id, 6) in (
            '000000', '111111', '222222', '333333', '444444', '555555', '666666', '777777', '888888', '999999',
            '012345', '123456', '234567', '345678', '456789', '654321'
        )
        then 'placeholder'
    when not prefix_known then 'unknown prefix'
    when sex <> case substr(personal_id, 4, 1)::integer % 2 when 0 then 'M' else 'F' end then 'contradicts sex'
    when
        extract(year from birth_date)
        <> (19 + substr(personal_id, 4, 1)::integer / 2) * 100 + substr(personal_id, 5, 2)::integer
        then 'contradicts birth year'
    when holders > most_holders then 'shared by too many'
    else 'valid'
end;
