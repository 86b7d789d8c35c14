-- Keys of names, as sources.text.vietnamese computes them; a property test holds the two together.
-- Keys are for finding and sorting and are never shown.

-- The tone on the first of two vowels, as hoà and hòa are one name; of a text in lower case.
create or replace function identity.tone_on_first_vowel(t text) returns text
language plpgsql immutable parallel safe
as $$
declare
    modern constant text [] := '{oà,oá,oả,oã,oạ,oè,oé,oẻ,oẽ,oẹ,uỳ,uý,uỷ,uỹ,uỵ}';
    classical constant text [] := '{òa,óa,ỏa,õa,ọa,òe,óe,ỏe,õe,ọe,ùy,úy,ủy,ũy,ụy}';
    i int;
begin
    if t !~ 'o[àáảãạèéẻẽẹ]|u[ỳýỷỹỵ]' then
        return t;
    end if;
    for i in 1..array_length(modern, 1) loop
        t := replace(t, modern[i], classical[i]);
    end loop;
    return t;
end
$$;

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
        return identity.tone_on_first_vowel(k);
    end if;
    if k ~ '[^ [:alnum:]]|^(đồng chí|bà|ông|gs|pgs|ts|ths|đ) ' then
        k := landing.slow_text(regexp_replace(k, '\s*[(\[][^)\]]*[)\]]', ' ', 'g'));
        for round in 1..3 loop
            k := regexp_replace(
                regexp_replace(
                    k,
                    '^((đ\s?[/.]\s?c\.?|đồng chí(?=\s*:|\s+\S+\s+\S))\s*:?\s*'
                    '|((gs|pgs|ts|ths|bs|ks|cn|ls)\.\s*)+|(gs|pgs|ts|ths)\s+|bà\s+)',
                    ''
                ),
                '^ông\s+(?=(nguyễn|trần|lê|phạm|hoàng|huỳnh|vũ|võ|phan|trương|bùi|đặng|đỗ|ngô|hồ|dương|đinh|lý|đào|đoàn'
                '|lương|mai|trịnh|lâm|cao|tạ|tô|hà|thái|châu|chu|phùng|lưu|tăng|vương|tống|quách|nông|lò|vàng|giàng|thạch'
                '|kim|y)\s)',
                ''
            );
        end loop;
        k := regexp_replace(translate(btrim(k), '’‘ʼʻ`´′＇-‐‑‒–—', '''''''''''''''''      '), '\s*''\s*', '''', 'g');
    end if;
    return identity.tone_on_first_vowel(landing.slow_text(k));
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

-- Letters, the weight of each in Vietnamese order and that of its tone (vn-collate, after ICU). The commonest letters
-- stand first, since translate() looks for each from the start.
create or replace function identity.sort_letters() returns text
language sql immutable parallel safe
return
    'nhgtuyiacễvmlrăpưđịêâơòạkếầbdàệoùqáảúôọíồsũềxậấốỹắìứợờýặỗữẩõựủeằụĩểỳóộỏớừãjửwỷẻ0'
    '123456789ẳẵẫḅćḍèẽéẹfǵḥỉḱḳĺḷḿṃǹñńṇổởỡṕŕṛśṣṭṽṿẁẃẉỵzźẓ';

create or replace function identity.letter_weights() returns text
language sql immutable parallel safe
return
    e'\x1c\x16\x15\x24\x25\x2a\x17\x0b\x0f\x13\x27\x1b\x1a\x22\x0c\x20\x26\x11\x17\x13\x0d\x1f\x1d\x0b\x19'
    '\x13\x0d\x0e\x10\x0b\x13\x1d\x25\x21\x0b\x0b\x25\x1e\x1d\x17\x1e\x23\x25\x13\x29\x0d\x0d\x1e\x2a\x0c'
    '\x17\x26\x1f\x1f\x2a\x0c\x1e\x26\x0d\x1d\x26\x25\x12\x0c\x25\x17\x13\x2a\x1d\x1e\x1d\x1f\x26\x0b\x18'
    '\x26\x28\x2a\x12\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0c\x0c\x0d\x0e\x0f\x10\x12\x12\x12\x12\x14'
    '\x15\x16\x17\x19\x19\x1a\x1a\x1b\x1b\x1c\x1c\x1c\x1c\x1e\x1f\x1f\x20\x22\x22\x23\x23\x24\x27\x27\x28'
    '\x28\x28\x2a\x2b\x2b\x2b';

create or replace function identity.tone_weights() returns text
language sql immutable parallel safe
return
    '00000000030000000050001504100150104240541031054434145145332352015321452413020220'
    '000000000233545134504524545451345223445455351455045';

-- Tones as letters whose code is 60 and the weight, which is how a hexadecimal text is made of them.
create or replace function identity.tone_marks() returns text
language sql immutable parallel safe
return translate(identity.tone_weights(), '012345', '`abcde');

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
-- A name of none but these letters, which nearly all are, is weighed as a whole and cut into syllables: two
-- hexadecimal digits a letter.
create or replace function identity.sort_key(t text) returns text
language plpgsql immutable parallel safe
as $$
declare
    name text := identity.name_key(t);
    letters text;
    tones text;
    parts text [];
    keys text [];
    at int := 1;
    n int;
    i int;
begin
    if name is null or name = '' then
        return '';
    end if;
    if translate(name, ' ' || identity.sort_letters(), '') = '' then
        letters := encode(convert_to(translate(name, identity.sort_letters(), identity.letter_weights()), 'UTF8'), 'hex');
        tones := translate(
            encode(convert_to(translate(name, identity.sort_letters(), identity.tone_marks()), 'UTF8'), 'hex'), '6', '0'
        );
        parts := string_to_array(name, ' ');
        n := cardinality(parts);
        for i in 1..n loop
            keys[i] := substr(letters, at, 2 * length(parts[i])) || '00' || substr(tones, at, 2 * length(parts[i]))
                || '00' || repeat('00', length(parts[i])) || '00';
            at := at + 2 * length(parts[i]) + 2;
        end loop;
    else
        name := normalize(name, nfd);
        name := regexp_replace(name, '[\u0304\u0305\u0307\u0308\u030a-\u031a\u031c-\u0322\u0324-\u036f]', '', 'g');
        name := replace(translate(normalize(name, nfc), 'ĕĭŏŭ', 'eiou'), U&'\0306', '');
        parts := array_remove(string_to_array(name, ' '), '');
        n := cardinality(parts);
        if n = 0 then
            return '';
        end if;
        for i in 1..n loop
            keys[i] := identity.syllable_sort_key(parts[i]);
        end loop;
    end if;
    return keys[n] || array_to_string(keys[2:n - 1], '') || '00' || case when n > 1 then keys[1] else '' end;
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
