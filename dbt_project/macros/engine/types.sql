{#- The engine's word for one of weft's types: text, key, timestamp, date, boolean, integer, float, decimal. -#}
{% macro sql_type(name) %}
    {#- One is asked for at a time: dbt takes long to find a macro of an engine. -#}
    {%- if name == 'text' -%}
        {{ return(dbt.type_string()) }}
    {%- elif name == 'timestamp' -%}
        {{ return(dbt.type_timestamp()) }}
    {%- elif name == 'boolean' -%}
        {{ return(dbt.type_boolean()) }}
    {%- elif name == 'integer' -%}
        {{ return(dbt.type_bigint()) }}
    {%- elif name == 'key' -%}
        {{ return(weft.key_type()) }}
    {%- endif -%}
    {%- set types = {'float': 'double precision', 'decimal': 'decimal(38, 9)', 'date': 'date'} -%}
    {%- if name not in types -%}
        {{ exceptions.raise_compiler_error(
            "There is no type '" ~ name ~ "'; known: text, timestamp, boolean, integer, key, "
            ~ types.keys() | join(', ') ~ "."
        ) }}
    {%- endif -%}
    {{ return(types[name]) }}
{% endmacro %}


{#- A value as another type, null where it does not fit. -#}
{% macro try_cast(expression, type) %}
    {{ return(adapter.dispatch('try_cast', 'weft')(expression, type)) }}
{% endmacro %}

{% macro default__try_cast(expression, type) %}
    {{ return('try_cast(' ~ expression ~ ' as ' ~ weft.sql_type(type) ~ ')') }}
{% endmacro %}


{#-
    A number as DECIMAL(38, 9). Beyond 10^18 it is null: sums of a hundred billion such numbers
    still fit, so that one absurd value cannot fail the build of everybody's trait.
-#}
{% macro number(expression) %}
    {%- set decimal = weft.try_cast(expression, 'decimal') -%}
    {{ return('case when abs(' ~ decimal ~ ') <= 1000000000000000000 then ' ~ decimal ~ ' end') }}
{% endmacro %}


{#- weft's word for the type of a column that is already there. -#}
{% macro type_of(dtype) %}
    {%- set words = {
        'boolean': 'boolean',
        'bigint': 'integer',
        'integer': 'integer',
        'double': 'float',
        'timestamp': 'timestamp',
        'date': 'date',
        'decimal': 'decimal',
        'numeric': 'decimal',
    } -%}
    {{ return(words.get(dtype.lower().split('(')[0].split(' ')[0], 'text')) }}
{% endmacro %}
