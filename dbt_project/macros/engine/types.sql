{#- The engine's word for one of weft's types: text, key, timestamp, date, boolean, integer, float, decimal. -#}
{% macro sql_type(name) %}
    {#- One is asked for at a time: dbt takes long to find a macro of an engine. -#}
    {%- if name == 'text' -%}
        {{ return(dbt.type_string()) }}
    {%- elif name == 'timestamp' -%}
        {{ return(weft.timestamp_type()) }}
    {%- elif name == 'boolean' -%}
        {{ return(dbt.type_boolean()) }}
    {%- elif name == 'integer' -%}
        {{ return(dbt.type_bigint()) }}
    {%- elif name == 'key' -%}
        {{ return(weft.key_type()) }}
    {%- elif name == 'float' -%}
        {{ return(weft.float_type()) }}
    {%- endif -%}
    {%- set types = {'decimal': 'decimal(38, 9)', 'date': 'date'} -%}
    {%- if name not in types -%}
        {{ exceptions.raise_compiler_error(
            "There is no type '" ~ name ~ "'; known: text, timestamp, boolean, integer, key, float, "
            ~ types.keys() | join(', ') ~ "."
        ) }}
    {%- endif -%}
    {{ return(types[name]) }}
{% endmacro %}


{#- The engine's type of a float of 64 bits. -#}
{% macro float_type() %}
    {{ return(adapter.dispatch('float_type', 'weft')()) }}
{% endmacro %}

{% macro default__float_type() %}
    {{ return('double precision') }}
{% endmacro %}


{#- The engine's type of a timestamp without a zone. -#}
{% macro timestamp_type() %}
    {{ return(adapter.dispatch('timestamp_type', 'weft')()) }}
{% endmacro %}

{% macro default__timestamp_type() %}
    {{ return(dbt.type_timestamp()) }}
{% endmacro %}


{#-
    A value as another type, null where it does not fit. `given` is the engine's word for the type
    it has.
-#}
{% macro try_cast(expression, type, given) %}
    {{ return(adapter.dispatch('try_cast', 'weft')(expression, type, given)) }}
{% endmacro %}

{% macro default__try_cast(expression, type, given) %}
    {{ return('try_cast(' ~ expression ~ ' as ' ~ weft.sql_type(type) ~ ')') }}
{% endmacro %}

{% macro duckdb__try_cast(expression, type, given) %}
    {%- set value = 'try_cast(' ~ expression ~ ' as ' ~ weft.sql_type(type) ~ ')' -%}
    {%- if type == 'timestamp' and weft.type_of(given) == 'text' -%}
        {#- The cast would drop an offset; one to a moment reads what has none in the session's zone. -#}
        {%- set offset = weft.literal(':[0-9]{1,2}([.][0-9]*)?[+-][0-9]{2}(:?[0-9]{2})?\\s*$') -%}
        {{ return(
            'case when regexp_matches(' ~ expression ~ ', ' ~ offset ~ ') then try_cast(' ~ expression
            ~ " as timestamptz) at time zone 'UTC' else " ~ value ~ ' end'
        ) }}
    {%- endif -%}
    {{ return(value) }}
{% endmacro %}


{#- A value as text, whose letters are the same on every engine. -#}
{% macro as_text(expression, given) %}
    {{ return(adapter.dispatch('as_text', 'weft')(expression, given)) }}
{% endmacro %}

{% macro default__as_text(expression, given) %}
    {{ return('cast(' ~ expression ~ ' as ' ~ weft.sql_type('text') ~ ')') }}
{% endmacro %}


{#-
    A number as DECIMAL(38, 9). Beyond 10^18 it is null: sums of a hundred billion such numbers
    still fit, so that one absurd value cannot fail the build of everybody's trait.
-#}
{% macro number(expression, given) %}
    {%- set decimal = weft.try_cast(expression, 'decimal', given) -%}
    {{ return('case when abs(' ~ decimal ~ ') <= 1000000000000000000 then ' ~ decimal ~ ' end') }}
{% endmacro %}


{#-
    A decimal divided by a whole number from 0 up, as a decimal: rounded to nine digits, a half away
    from zero, and null where the number is 0. No float comes into it, which would have but 16
    digits.
-#}
{% macro quotient(total, count) %}
    {{ return(adapter.dispatch('quotient', 'weft')(total, count)) }}
{% endmacro %}

{% macro default__quotient(total, count) %}
    {{ return(
        'cast(' ~ total ~ ' / nullif(' ~ count ~ ', 0) as ' ~ weft.sql_type('decimal') ~ ')'
    ) }}
{% endmacro %}

{#- DuckDB divides decimals as floats, but whole numbers exactly: a decimal's text is its billionths. -#}
{% macro duckdb__quotient(total, count) %}
    {%- set billionths = 'abs(cast(replace(cast(' ~ total ~ " as varchar), '.', '') as hugeint))" -%}
    {%- set divisor = 'nullif(cast(' ~ count ~ ' as hugeint), 0)' -%}
    {%- set rounded = '(' ~ billionths ~ ' // ' ~ divisor ~ ' + case when (' ~ billionths ~ ' % '
        ~ divisor ~ ') * 2 >= ' ~ divisor ~ ' then 1 else 0 end)' -%}
    {{ return(
        'sign(' ~ total ~ ') * (cast(' ~ rounded ~ ' // 1000000000 as decimal(38, 9)) + cast('
        ~ rounded ~ " % 1000000000 as decimal(10, 0)) * cast('0.000000001' as decimal(9, 9)))"
    ) }}
{% endmacro %}


{#- weft's word for the type of a column that is already there. -#}
{% macro type_of(dtype) %}
    {%- set words = {
        'boolean': 'boolean',
        'bigint': 'integer',
        'int': 'integer',
        'integer': 'integer',
        'double': 'float',
        'timestamp': 'timestamp',
        'timestamp_ntz': 'timestamp',
        'date': 'date',
        'decimal': 'decimal',
        'numeric': 'decimal',
    } -%}
    {{ return(words.get(dtype.lower().split('(')[0].split(' ')[0], 'text')) }}
{% endmacro %}
