{#- The UTC timestamp at which a date, a SQL expression, ends in the project's time zone. -#}
{% macro end_of_day(day) %}
    {%- set zone = var('timezone', 'UTC') -%}
    {%- set midnight = 'cast(' ~ day ~ " + interval '1 day' as " ~ weft.sql_type('timestamp') ~ ')' -%}
    {%- if zone == 'UTC' -%}
        {{ return(midnight) }}
    {%- endif -%}
    {{ return(adapter.dispatch('utc_of_local', 'weft')(midnight, zone)) }}
{% endmacro %}

{% macro default__utc_of_local(expression, zone) %}
    {{ return(
        '((' ~ expression ~ ' at time zone ' ~ weft.literal(zone) ~ ") at time zone 'UTC')"
    ) }}
{% endmacro %}


{#- How many days lie between two dates. -#}
{% macro days_between(earlier, later) %}
    {{ return(adapter.dispatch('days_between', 'weft')(earlier, later)) }}
{% endmacro %}

{% macro default__days_between(earlier, later) %}
    {{ return('(' ~ later ~ ' - ' ~ earlier ~ ')') }}
{% endmacro %}
