{#-
    Whoever is in another audience, as a condition of an audience's SELECT; dbt builds that one
    first, and refuses a circle:

        where {{ weft.in_audience('high_value_customers') }}
-#}
{% macro in_audience(name, of='profile_id') %}
    {%- set key = weft.key_of_condition(of) -%}
    {{ return(weft.condition(
        weft.condition_name('in_audience', name, {}),
        '\n    select ' ~ key ~ ' from ' ~ ref(name) ~ '\n',
        of
    )) }}
{% endmacro %}
