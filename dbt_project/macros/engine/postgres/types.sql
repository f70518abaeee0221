{#-
    A value as another type on PostgreSQL, null where it does not fit, as DuckDB's try_cast reads
    it. PostgreSQL has no such cast: the text is judged before it is cast.

    A text is a number as DuckDB reads one: blanks around it, underscores between digits, an
    exponent. A timestamp with an offset is in UTC, and of its fraction six digits count.
-#}
{% macro postgres__try_cast(expression, type, given) %}
    {%- set from = weft.type_of(given) -%}
    {%- if given.lower() == 'timestamp with time zone' -%}
        {%- set expression = '(' ~ expression ~ " at time zone 'UTC')" -%}
    {%- endif -%}
    {%- if type == 'text' -%}
        {{ return(weft.in_byte_order(weft.as_text(expression, given))) }}
    {%- elif from == 'text' and type != 'key' -%}
        {{ return(weft.postgres_from_text('cast(' ~ expression ~ ' as text)', type)) }}
    {%- elif from == type and type != 'decimal' -%}
        {{ return('cast(' ~ expression ~ ' as ' ~ weft.sql_type(type) ~ ')') }}
    {%- elif type == 'boolean' and from in ('integer', 'float', 'decimal') -%}
        {{ return('(' ~ expression ~ ' <> 0)') }}
    {%- elif type in ('timestamp', 'date') and from in ('timestamp', 'date') -%}
        {{ return('cast(' ~ expression ~ ' as ' ~ weft.sql_type(type) ~ ')') }}
    {%- elif type in ('integer', 'float', 'decimal') and from in ('integer', 'float', 'decimal', 'boolean') -%}
        {{ return(weft.postgres_from_number(expression, from, type)) }}
    {%- endif -%}
    {{ return('cast(null as ' ~ weft.sql_type(type) ~ ')') }}
{% endmacro %}


{#- A number or boolean as a number of another type. -#}
{% macro postgres_from_number(expression, from, type) %}
    {%- set sql_type = weft.sql_type(type) -%}
    {%- if from == 'boolean' -%}
        {{ return('cast(cast(' ~ expression ~ ' as integer) as ' ~ sql_type ~ ')') }}
    {%- elif type == 'float' or from == 'integer' -%}
        {{ return('cast(' ~ expression ~ ' as ' ~ sql_type ~ ')') }}
    {%- elif type == 'integer' -%}
        {{ return(
            'case when ' ~ expression ~ ' >= -9223372036854775808 and ' ~ expression
            ~ ' < 9223372036854775807.5 then cast(' ~ expression ~ ' as bigint) end'
        ) }}
    {%- elif from == 'float' -%}
        {{ return(weft.postgres_decimal_of_float(expression)) }}
    {%- endif -%}
    {{ return(
        'case when abs(' ~ expression ~ ') < 1e29 then cast(' ~ expression ~ ' as ' ~ sql_type ~ ') end'
    ) }}
{% endmacro %}


{#-
    A float as DECIMAL(38, 9), digit for digit as DuckDB makes it: the nearest whole number of
    billionths of the float itself, while PostgreSQL's own cast goes through 15 digits. A whole float
    is taken in three parts of 53 bits, each of which is an exact integer.
-#}
{% macro postgres_decimal_of_float(expression) %}
    {%- set bits = '9007199254740992::double precision' -%}
    {%- set exact -%}
        (
            select cast((
                (
                    cast(cast(high as bigint) as numeric) * 9007199254740992
                    + cast(middle - high * {{ bits }} as bigint)
                ) * 9007199254740992
                + cast(whole - middle * {{ bits }} as bigint)
            ) * 0.000000001 as {{ weft.sql_type('decimal') }})
            from (
                select whole, middle, trunc(middle / {{ bits }}) as high
                from (
                    select whole, trunc(whole / {{ bits }}) as middle
                    from (
                        select
                            trunc(billionths) + case
                                when abs(billionths - trunc(billionths)) >= 0.5 then sign(billionths)
                                else 0
                            end as whole
                        from (
                            select cast({{ expression }} as double precision) * 1e9::double precision
                                as billionths
                        ) as scaled
                    ) as rounded
                ) as halved
            ) as parted
        )
    {%- endset -%}
    {{ return('case when abs(' ~ expression ~ ') < 1e29 then ' ~ exact ~ ' end') }}
{% endmacro %}


{#- A text as another type. -#}
{% macro postgres_from_text(text, type) %}
    {%- set digits = '[0-9]+(_[0-9]+)*' -%}
    {%- set blank = '[ \\x09-\\x0d]*' -%}
    {%- set number = '^' ~ blank ~ '[+-]?(' ~ digits ~ '([.](' ~ digits ~ ')?)?|[.]' ~ digits ~ ')'
        ~ '([eE][+-]?0*[0-9]{1,3})?' ~ blank ~ '$' -%}
    {%- if type == 'boolean' -%}
        {{ return(
            'case when lower(' ~ text ~ ") in ('true', 't', '1', 'yes', 'y') then true"
            ~ ' when lower(' ~ text ~ ") in ('false', 'f', '0', 'no', 'n') then false end"
        ) }}
    {%- elif type in ('timestamp', 'date') -%}
        {{ return(weft.postgres_time_of_text(text, type)) }}
    {%- elif type == 'float' -%}
        {{ return(
            'case when ' ~ text ~ ' ~ ' ~ weft.literal(number)
            ~ ' and pg_input_is_valid(replace(' ~ text ~ ", '_', ''), 'double precision') then cast(replace("
            ~ text ~ ", '_', '') as double precision) end"
        ) }}
    {%- endif -%}
    {%- set numeric = "cast(replace(" ~ text ~ ", '_', '') as numeric)" -%}
    {%- set fits = 'abs(round(' ~ numeric ~ ', 9)) < 1e29' if type == 'decimal'
        else 'round(' ~ numeric ~ ') between -9223372036854775808 and 9223372036854775807' -%}
    {{ return(
        'case when ' ~ text ~ ' ~ ' ~ weft.literal(number) ~ ' then case when ' ~ fits
        ~ ' then cast(' ~ numeric ~ ' as ' ~ weft.sql_type(type) ~ ') end end'
    ) }}
{% endmacro %}


{% macro postgres_time_of_text(text, type) %}
    {%- set blank = '[ \\x09-\\x0d]*' -%}
    {%- set day = '[0-9]{4,6}[-/][0-9]{1,2}[-/][0-9]{1,2}' -%}
    {%- set time = '[T ][0-9]{1,2}:[0-9]{1,2}(?::[0-5]?[0-9](?:[.][0-9]{0,6})?)?' -%}
    {%- set offset = '(?: ?(?:Z|UTC|[+-][0-9]{2}(?::?[0-9]{2})?))?' -%}
    {%- set whole = '^' ~ blank ~ day ~ '(?:' ~ time.replace('{0,6}', '*') ~ offset ~ blank ~ ')?'
        ~ (blank if type == 'date' else '') ~ '$' -%}
    {%- set moment = 'replace(substring(' ~ text ~ ' from '
        ~ weft.literal('^' ~ blank ~ '(' ~ day ~ '(?:' ~ time ~ ')?)') ~ "), '/', '-')" -%}
    {%- set value = 'cast(' ~ moment ~ ' as ' ~ weft.sql_type(type) ~ ')' -%}
    {%- if type == 'timestamp' -%}
        {%- set value = value ~ ' - ' ~ weft.postgres_offset(text) -%}
    {%- endif -%}
    {{ return(
        'case when ' ~ text ~ ' ~ ' ~ weft.literal(whole) ~ ' and pg_input_is_valid(' ~ moment
        ~ ", 'timestamp') then " ~ value ~ ' end'
    ) }}
{% endmacro %}


{#- How far ahead of UTC a text with a time says that it is; an offset after a blank does not count. -#}
{% macro postgres_offset(text) %}
    {%- set offset = 'substring(' ~ text ~ ' from ' ~ weft.literal(
        ':[0-9]{1,2}(?:[.][0-9]*)?([+-][0-9]{2}(?::?[0-9]{2})?)[ \\x09-\\x0d]*$'
    ) ~ ')' -%}
    {%- set minutes = 'case when length(' ~ offset ~ ') > 3 then cast(left(' ~ offset
        ~ ', 1) || right(' ~ offset ~ ', 2) as integer) else 0 end' -%}
    {{ return(
        'coalesce(cast(left(' ~ offset ~ ', 3) as integer) * 60 + ' ~ minutes
        ~ ", 0) * interval '1 minute'"
    ) }}
{% endmacro %}


{#-
    A value as DuckDB writes it. PostgreSQL writes a whole float without a fraction, and one of 16
    digits with an exponent. Of floats beyond 2^53 it may write one digit more.
-#}
{% macro postgres__as_text(expression, given) %}
    {%- set text = 'cast(' ~ expression ~ ' as text)' -%}
    {%- if weft.type_of(given) != 'float' -%}
        {{ return(text) }}
    {%- endif -%}
    {%- set plain = 'cast(cast(' ~ text ~ ' as numeric) as text)' -%}
    {{ return(
        'case when abs(' ~ expression ~ ') >= 1e15 and abs(' ~ expression ~ ') < 1e16 then '
        ~ plain ~ ' || case when strpos(' ~ plain ~ ", '.') > 0 then '' else '.0' end when "
        ~ text ~ " ~ '^-?[0-9]+$' then " ~ text ~ " || '.0' else "
        ~ 'replace(replace(' ~ text ~ ", 'Infinity', 'inf'), 'NaN', 'nan') end"
    ) }}
{% endmacro %}


{#- PostgreSQL has no smallest or greatest of keys and booleans. -#}
{% macro postgres__extreme(function, expression, type) %}
    {%- if type == 'boolean' -%}
        {{ return({'min': 'bool_and', 'max': 'bool_or'}[function] ~ '(' ~ expression ~ ')') }}
    {%- elif type == 'key' -%}
        {{ return(
            'cast(' ~ function ~ '(' ~ weft.in_byte_order('cast(' ~ expression ~ ' as text)')
            ~ ') as ' ~ weft.sql_type('key') ~ ')'
        ) }}
    {%- endif -%}
    {{ return(function ~ '(' ~ expression ~ ')') }}
{% endmacro %}


{% macro postgres__quotient(total, count) %}
    {{ return(
        'sign(' ~ total ~ ') * div(abs(' ~ total ~ ') * 2000000000 + ' ~ count ~ ', 2 * nullif('
        ~ count ~ ', 0)) * 0.000000001'
    ) }}
{% endmacro %}
