{#- Days and zones on Spark, where a timestamp without a zone is a type of its own. -#}
{% macro spark__utc_of_local(expression, zone) %}
    {{ return('convert_timezone(' ~ weft.literal(zone) ~ ", 'UTC', " ~ expression ~ ')') }}
{% endmacro %}

{% macro spark__local_date(expression, zone) %}
    {{ return(
        "cast(convert_timezone('UTC', " ~ weft.literal(zone) ~ ', ' ~ expression ~ ') as date)'
    ) }}
{% endmacro %}


{% macro spark__days_between(earlier, later) %}
    {{ return('datediff(' ~ later ~ ', ' ~ earlier ~ ')') }}
{% endmacro %}
