{#- The type of which a profile has at most one value, an empty text when there is none. -#}
{% macro unique_identifier_type() %}
    {%- set given = var('identity', {}).get('identifiers') or [] -%}
    {%- set unique = weft.identifier_rules(given) | selectattr('unique') | list -%}
    {{ return(unique[0].type if unique else '') }}
{% endmacro %}
