{#- Whether a value may identify anybody: not blank and not blocked. -#}
{% macro is_identifying(expression, block) %}
    trim({{ expression }}) <> ''
    {%- if block['values'] %}
    and lower(trim({{ expression }})) not in (
        {%- for value in block['values'] -%}
        {{ weft.literal(value | string | lower) }}{{ ', ' if not loop.last }}
        {%- endfor -%}
    )
    {%- endif %}
    {%- for pattern in block['patterns'] %}
    and not {{ weft.matches(expression, pattern) }}
    {%- endfor %}
{%- endmacro %}
