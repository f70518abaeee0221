{#-
    A value as another type on Spark, null where it does not fit, as DuckDB's try_cast reads it: a
    text is judged before it is cast, with blanks around a number, underscores between its digits
    and an exponent. A timestamp is without its offset, and of its fraction six digits count.
-#}
{% macro spark__try_cast(expression, type, given) %}
    {%- set from = weft.type_of(given) -%}
    {%- if type == 'text' -%}
        {{ return(weft.as_text(expression, given)) }}
    {%- elif from == 'text' and type != 'key' -%}
        {{ return(weft.spark_from_text('cast(' ~ expression ~ ' as string)', type)) }}
    {%- elif from == type and type != 'decimal' -%}
        {{ return('cast(' ~ expression ~ ' as ' ~ weft.sql_type(type) ~ ')') }}
    {%- elif type == 'boolean' and from in ('integer', 'float', 'decimal') -%}
        {{ return('(' ~ expression ~ ' <> 0)') }}
    {%- elif type in ('timestamp', 'date') and from in ('timestamp', 'date') -%}
        {{ return('cast(' ~ expression ~ ' as ' ~ weft.sql_type(type) ~ ')') }}
    {%- elif type in ('integer', 'float', 'decimal') and from in ('integer', 'float', 'decimal', 'boolean') -%}
        {{ return(weft.spark_from_number(expression, from, type)) }}
    {%- endif -%}
    {{ return('cast(null as ' ~ weft.sql_type(type) ~ ')') }}
{% endmacro %}


{% macro spark__key_type() %}
    {{ return('string') }}
{% endmacro %}

{% macro spark__float_type() %}
    {{ return('double') }}
{% endmacro %}

{% macro spark__timestamp_type() %}
    {{ return('timestamp_ntz') }}
{% endmacro %}


{#- A number or boolean as a number of another type. -#}
{% macro spark_from_number(expression, from, type) %}
    {%- set sql_type = weft.sql_type(type) -%}
    {%- if from == 'boolean' -%}
        {{ return('cast(cast(' ~ expression ~ ' as int) as ' ~ sql_type ~ ')') }}
    {%- elif type == 'float' or from == 'integer' -%}
        {{ return('cast(' ~ expression ~ ' as ' ~ sql_type ~ ')') }}
    {%- elif type == 'integer' and from == 'float' -%}
        {{ return(
            'case when ' ~ expression ~ ' >= -9223372036854775808D and ' ~ expression
            ~ ' < 9223372036854775808D then cast(rint(' ~ expression ~ ') as bigint) end'
        ) }}
    {%- elif type == 'integer' -%}
        {{ return('try_cast(round(' ~ expression ~ ') as bigint)') }}
    {%- elif from == 'float' -%}
        {{ return(weft.spark_decimal_of_float(expression)) }}
    {%- endif -%}
    {{ return('try_cast(' ~ expression ~ ' as ' ~ sql_type ~ ')') }}
{% endmacro %}


{#- Expressions that use the fields of a struct `x`, one made of the other: names for parts of a sum. -#}
{% macro spark_let(steps) %}
    {%- set sql = {'text': 'array(' ~ steps[0] ~ ')'} -%}
    {%- for step in steps[1:] -%}
        {%- do sql.update({'text': 'transform(' ~ sql.text ~ ', x -> ' ~ step ~ ')'}) -%}
    {%- endfor -%}
    {{ return('element_at(' ~ sql.text ~ ', 1)') }}
{% endmacro %}


{#-
    A whole number of billionths from 0 up, and whether it is to be negative, as DECIMAL(38, 9). No
    division keeps nine digits, and a minus before a decimal of Spark's keeps but 34.
-#}
{% macro spark_of_billionths(whole, is_negative) %}
    {%- set text = 'lpad(cast(' ~ whole ~ " as string), 39, '0')" -%}
    {{ return(
        'cast(concat(case when ' ~ is_negative ~ " then '-' else '' end, substr(" ~ text
        ~ ", 1, 30), '.', substr(" ~ text ~ ', 31)) as ' ~ weft.sql_type('decimal') ~ ')'
    ) }}
{% endmacro %}


{#-
    A float as DECIMAL(38, 9), digit for digit as DuckDB makes it: the nearest whole number of
    billionths of the float itself, taken in three parts of 53 bits, each of which is exact. Spark's
    own cast goes through the digits that the float is written with.
-#}
{% macro spark_decimal_of_float(expression) %}
    {%- set bits = '9007199254740992D' -%}
    {%- set exact = weft.spark_let([
        "named_struct('n', " ~ expression ~ " < 0, 'b', abs(cast(" ~ expression ~ ' as double)) * 1e9D)',
        "named_struct('n', x.n, 'w', case when x.b < " ~ bits ~ ' then cast(cast(x.b as bigint)'
            ~ ' + case when x.b - cast(x.b as bigint) >= 0.5D then 1 else 0 end as double) else x.b end)',
        "named_struct('n', x.n, 'w', x.w, 'm', x.w / " ~ bits ~ ')',
        "named_struct('n', x.n, 'w', x.w, 'm', case when x.m < " ~ bits
            ~ ' then cast(cast(x.m as bigint) as double) else x.m end)',
        "named_struct('n', x.n, 'low', cast(x.w - x.m * " ~ bits ~ " as bigint), 'm', x.m,"
            ~ " 'high', cast(x.m / " ~ bits ~ ' as bigint))',
        "named_struct('n', x.n, 'w',"
            ~ ' (cast(x.high as decimal(7, 0)) * cast(9007199254740992 as decimal(16, 0))'
            ~ ' + cast(x.m - x.high * ' ~ bits ~ ' as bigint)) * cast(9007199254740992 as decimal(16, 0))'
            ~ ' + x.low)',
        weft.spark_of_billionths('x.w', 'x.n'),
    ]) -%}
    {{ return('case when abs(' ~ expression ~ ') < 1e29D then ' ~ exact ~ ' end') }}
{% endmacro %}


{#- A text as another type. -#}
{% macro spark_from_text(text, type) %}
    {%- set digits = '[0-9]+(_[0-9]+)*' -%}
    {%- set blank = '[ \\x09-\\x0d]*' -%}
    {%- set number = '^' ~ blank ~ '[+-]?(' ~ digits ~ '([.](' ~ digits ~ ')?)?|[.]' ~ digits ~ ')'
        ~ '([eE][+-]?0*[0-9]{1,3})?' ~ blank ~ '\\z' -%}
    {%- if type == 'boolean' -%}
        {{ return(
            'case when lower(' ~ text ~ ") in ('true', 't', '1', 'yes', 'y') then true"
            ~ ' when lower(' ~ text ~ ") in ('false', 'f', '0', 'no', 'n') then false end"
        ) }}
    {%- elif type in ('timestamp', 'date') -%}
        {{ return(weft.spark_time_of_text(text, type)) }}
    {%- endif -%}
    {%- set plain = 'regexp_replace(' ~ text ~ ', ' ~ weft.literal('[_ \\x09-\\x0d]') ~ ", '')" -%}
    {%- set value = 'try_cast(' ~ plain ~ ' as ' ~ weft.sql_type(type) ~ ')' -%}
    {%- if type == 'float' -%}
        {%- set value = "nullif(nullif(" ~ value ~ ", double('Infinity')), double('-Infinity'))" -%}
    {%- elif type == 'integer' -%}
        {%- set value = 'try_cast(round(try_cast(' ~ plain ~ ' as decimal(38, 18))) as bigint)' -%}
    {%- endif -%}
    {{ return('case when ' ~ text ~ ' rlike ' ~ weft.literal(number) ~ ' then ' ~ value ~ ' end') }}
{% endmacro %}


{% macro spark_time_of_text(text, type) %}
    {%- set blank = '[ \\x09-\\x0d]*' -%}
    {%- set day = '[0-9]{4,6}[-/][0-9]{1,2}[-/][0-9]{1,2}' -%}
    {%- set time = '[T ][0-9]{1,2}:[0-9]{1,2}(?::[0-5]?[0-9](?:[.][0-9]{0,6})?)?' -%}
    {%- set offset = '(?: ?(?:Z|UTC|[+-][0-9]{2}(?::?[0-9]{2})?))?' -%}
    {%- set whole = '^' ~ blank ~ day ~ '(?:' ~ time.replace('{0,6}', '*') ~ offset ~ blank ~ ')?'
        ~ (blank if type == 'date' else '') ~ '\\z' -%}
    {%- set moment = 'replace(regexp_extract(' ~ text ~ ', '
        ~ weft.literal('^' ~ blank ~ '(' ~ day ~ '(?:' ~ time ~ ')?)') ~ ", 1), '/', '-')" -%}
    {#- The hour 24, which Spark does not know, is the next day's first; its date is the day's own. -#}
    {%- set midnight = weft.literal('[T ]24:00?(:00?([.]0*)?)?\\z') -%}
    {%- set value = 'case when ' ~ moment ~ ' rlike ' ~ midnight ~ ' then try_cast(regexp_extract('
        ~ moment ~ ", '^[^T ]+', 0) as timestamp_ntz)" ~ (" + interval '1 day'" if type == 'timestamp' else '')
        ~ ' else try_cast(' ~ moment ~ ' as timestamp_ntz) end' -%}
    {{ return(
        'case when ' ~ text ~ ' rlike ' ~ weft.literal(whole) ~ ' then cast(' ~ value ~ ' as '
        ~ weft.sql_type(type) ~ ') end'
    ) }}
{% endmacro %}


{#-
    A value as DuckDB writes it. Java writes an exponent from 10^7 on and below a thousandth, DuckDB
    from 10^16 on and below a ten thousandth; and Java writes a decimal of zero with one.
-#}
{% macro spark__as_text(expression, given) %}
    {%- set from = weft.type_of(given) -%}
    {%- if from == 'decimal' -%}
        {%- set scale = (given.split(',')[1].strip(') ') if ',' in given else 0) | int -%}
        {{ return('replace(format_number(' ~ expression ~ ', ' ~ scale ~ "), ',', '')") }}
    {%- elif from != 'float' -%}
        {{ return('cast(' ~ expression ~ ' as string)') }}
    {%- endif -%}
    {%- set text = 'cast(' ~ expression ~ ' as string)' -%}
    {%- set plain = "rtrim('0', cast(cast(" ~ text ~ ' as decimal(38, 22)) as string))' -%}
    {%- set large = "rtrim('0', format_number(cast(" ~ text ~ ' as decimal(38, 18)), 18))' -%}
    {%- set exponent = "cast(split_part(" ~ text ~ ", 'E', 2) as int)" -%}
    {{ return(
        'case when isnan(' ~ expression ~ ") then 'nan' when abs(" ~ expression
        ~ ") = double('Infinity') then case when " ~ expression ~ " < 0 then '-inf' else 'inf' end"
        ~ ' when not contains(' ~ text ~ ", 'E') then " ~ text
        ~ ' when abs(' ~ expression ~ ') >= 1e7D and abs(' ~ expression ~ ') < 1e16D then '
        ~ weft.spark_with_fraction('replace(' ~ large ~ ", ',', '')")
        ~ ' when abs(' ~ expression ~ ') >= 1e-4D and abs(' ~ expression ~ ') < 1e-3D then '
        ~ plain
        ~ " else concat(regexp_replace(split_part(" ~ text ~ ", 'E', 1), '[.]0$', ''), 'e', case when "
        ~ exponent ~ " < 0 then '-' else '+' end, lpad(abs(" ~ exponent ~ '), greatest(2, length(abs('
        ~ exponent ~ "))), '0')) end"
    ) }}
{% endmacro %}

{% macro spark_with_fraction(text) %}
    {{ return("regexp_replace(" ~ text ~ ", '[.]$', '.0')") }}
{% endmacro %}


{#- Long division in three steps: a quotient of decimals has but six digits, one of whole numbers all. -#}
{% macro spark__quotient(total, count) %}
    {%- set digits = 'lpad(regexp_replace(format_number(' ~ total ~ ", 9), '[-,.]', ''), 39, '0')" -%}
    {%- set base = 'cast(10000000000000 as decimal(14, 0))' -%}
    {%- set rounded = weft.spark_let([
        "named_struct('n', " ~ total ~ " < 0, 't', " ~ digits
            ~ ", 'd', cast(nullif(" ~ count ~ ', 0) as decimal(19, 0)))',
        "named_struct('n', x.n, 'd', x.d, 'a', cast(substr(x.t, 1, 13) as decimal(13, 0)),"
            ~ " 'b', cast(substr(x.t, 14, 13) as decimal(13, 0)), 'c', cast(substr(x.t, 27) as decimal(13, 0)))",
        "named_struct('n', x.n, 'd', x.d, 'q', x.a div x.d, 'b', x.a % x.d * " ~ base ~ " + x.b, 'c', x.c)",
        "named_struct('n', x.n, 'd', x.d, 'q', x.q, 'r', x.b div x.d, 'c', x.b % x.d * " ~ base ~ ' + x.c)',
        "named_struct('n', x.n, 'w', cast(x.q as decimal(13, 0))"
            ~ ' * cast(100000000000000000000000000 as decimal(27, 0))'
            ~ ' + cast(x.r as decimal(13, 0)) * ' ~ base ~ ' + x.c div x.d'
            ~ ' + case when x.c % x.d * 2 >= x.d then 1 else 0 end)',
        weft.spark_of_billionths('x.w', 'x.n'),
    ]) -%}
    {{ return(rounded) }}
{% endmacro %}
