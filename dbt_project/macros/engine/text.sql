{#- A text value as a SQL literal, whatever characters it holds. -#}
{% macro literal(value) %}
    {%- set literal = "'" ~ (value | string | replace("'", "''")) ~ "'" -%}
    {{ return(weft.literal_with_backslash(literal) if '\\' in literal else literal) }}
{% endmacro %}

{#- A literal with a backslash, as the engine reads it. -#}
{% macro literal_with_backslash(literal) %}
    {{ return(adapter.dispatch('literal_with_backslash', 'weft')(literal)) }}
{% endmacro %}

{% macro default__literal_with_backslash(literal) %}
    {{ return(literal) }}
{% endmacro %}


{#- A text that is compared, sorted and of several the smallest by its bytes, in UTF-8. -#}
{% macro in_byte_order(expression) %}
    {{ return(adapter.dispatch('in_byte_order', 'weft')(expression)) }}
{% endmacro %}

{% macro default__in_byte_order(expression) %}
    {{ return(expression) }}
{% endmacro %}


{#- A text in small letters, of whatever alphabet. -#}
{% macro small_letters(expression) %}
    {{ return(adapter.dispatch('small_letters', 'weft')(expression)) }}
{% endmacro %}

{% macro default__small_letters(expression) %}
    {{ return('lower(' ~ expression ~ ')') }}
{% endmacro %}


{#- A name that the engine does not cut. -#}
{% macro short_name(name) %}
    {{ return(adapter.dispatch('short_name', 'weft')(name)) }}
{% endmacro %}

{% macro default__short_name(name) %}
    {{ return(name) }}
{% endmacro %}


{#- Whether a text matches a regular expression somewhere. -#}
{% macro matches(expression, pattern) %}
    {{ return(adapter.dispatch('matches', 'weft')(expression, pattern)) }}
{% endmacro %}

{% macro default__matches(expression, pattern) %}
    {{ return('regexp_matches(' ~ expression ~ ', ' ~ weft.literal(pattern) ~ ')') }}
{% endmacro %}


{#- Whether the engine can read a regular expression. -#}
{% macro is_pattern(pattern) %}
    {{ return(adapter.dispatch('is_pattern', 'weft')(pattern)) }}
{% endmacro %}

{#- An engine that cannot be asked says so itself, when the expression is used. -#}
{% macro default__is_pattern(pattern) %}
    {{ return(true) }}
{% endmacro %}

{#- As a value of a row: one that stands in the query itself fails before `try` can help. -#}
{% macro duckdb__is_pattern(pattern) %}
    {%- set query -%}
        select try(regexp_matches('', pattern)) is not null
        from (values ({{ weft.literal(pattern) }})) as given (pattern)
    {%- endset -%}
    {{ return(run_query(query).columns[0].values()[0]) }}
{% endmacro %}


{#- Whether a JSON array of texts contains one; false where there is no array. -#}
{% macro json_array_contains(expression, value) %}
    {{ return(adapter.dispatch('json_array_contains', 'weft')(expression, value)) }}
{% endmacro %}

{% macro default__json_array_contains(expression, value) %}
    {%- set element = "'\"" ~ (value | replace("'", "''")) ~ "\"'" -%}
    {{ return('coalesce(json_contains(' ~ expression ~ ', ' ~ element ~ '), false)') }}
{% endmacro %}


{#- The digits of a text, everything else left out. -#}
{% macro digits(expression) %}
    {{ return(adapter.dispatch('digits', 'weft')(expression)) }}
{% endmacro %}

{% macro default__digits(expression) %}
    {{ return('regexp_replace(' ~ expression ~ ", '[^0-9]', '', 'g')") }}
{% endmacro %}


{#- The sha256 of a text, in hexadecimal letters. -#}
{% macro sha256(expression) %}
    {{ return(adapter.dispatch('sha256', 'weft')(expression)) }}
{% endmacro %}

{% macro default__sha256(expression) %}
    {{ return('sha256(' ~ expression ~ ')') }}
{% endmacro %}
