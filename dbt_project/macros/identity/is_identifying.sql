{#-
    Whether a value may identify anybody: not blank and blocked by no list. Each list is {values,
    patterns}: exact values whatever their case, and regular expressions.
-#}
{% macro is_identifying(expression) %}
    {%- set values = [] -%}
    {%- set patterns = [] -%}
    {%- for block in varargs -%}
        {%- do values.extend(block['values']) -%}
        {%- do patterns.extend(block['patterns']) -%}
    {%- endfor -%}
    trim({{ expression }}) <> ''
    {%- if values %}
    and {{ weft.small_letters('trim(' ~ expression ~ ')') }} not in (
        {%- for value in values -%}
        {{ weft.literal(value | string | lower) }}{{ ', ' if not loop.last }}
        {%- endfor -%}
    )
    {%- endif %}
    {%- for pattern in patterns %}
    and not {{ weft.matches(expression, pattern) }}
    {%- endfor %}
{%- endmacro %}
