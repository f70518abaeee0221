{#-
    How many values of a type a profile may have, where the rules say so: a list of
    {type, count}. A unique type has none: a profile is always at it.
-#}
{% macro identifier_limits() %}
    {%- set limits = [] -%}
    {%- for rule in weft.identity_rules().identifiers if not rule.unique -%}
        {%- set limit = rule.get('limit') -%}
        {%- set count = limit.get('count') if limit is mapping else limit -%}
        {%- if count -%}
            {%- do limits.append({'type': rule.type, 'count': count | int}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(limits) }}
{% endmacro %}
