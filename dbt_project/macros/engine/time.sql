{#-
    The as-of date as a SQL literal: that day counts in full, later days do not. It is the variable
    `as_of`, else what the weft command was given, else the run's date in the project's time zone.
-#}
{% macro as_of() %}
    {%- if not execute -%}
        {{ return("date '1970-01-01'") }}
    {%- endif -%}
    {%- set given = var('as_of', none) or env_var('WEFT_AS_OF', '') -%}
    {%- if given -%}
        {{ return("date '" ~ modules.datetime.date.fromisoformat(given | string) ~ "'") }}
    {%- endif -%}
    {%- set zone = modules.pytz.timezone(var('timezone', 'UTC')) -%}
    {{ return("date '" ~ run_started_at.astimezone(zone).date() ~ "'") }}
{% endmacro %}


{#- The date before the as-of date by a number of days, as a SQL expression. -#}
{% macro days_before_as_of(days) %}
    {{ return('cast(' ~ weft.as_of() ~ " - interval '" ~ (days | int) ~ " day' as date)") }}
{% endmacro %}


{#- The date of a UTC timestamp in the project's time zone. -#}
{% macro local_date(expression) %}
    {%- set zone = var('timezone', 'UTC') -%}
    {%- if zone == 'UTC' -%}
        {{ return('cast(' ~ expression ~ ' as date)') }}
    {%- endif -%}
    {{ return(adapter.dispatch('local_date', 'weft')(expression, zone)) }}
{% endmacro %}

{% macro default__local_date(expression, zone) %}
    {{ return(
        'cast((' ~ expression ~ " at time zone 'UTC') at time zone " ~ weft.literal(zone)
        ~ ' as date)'
    ) }}
{% endmacro %}


{#- The id of the weft command that runs dbt, else of dbt's own invocation. -#}
{% macro run_id() %}
    {%- if not execute -%}
        {{ return('') }}
    {%- endif -%}
    {{ return(env_var('WEFT_RUN_ID', invocation_id)) }}
{% endmacro %}
