{#- Let a table that was built aside take the place of the one that was there, if any. -#}
{% macro put_in_place(arriving, existing, target) %}
    {%- if existing is not none -%}
        {%- do adapter.drop_relation(existing) -%}
    {%- endif -%}
    {%- do adapter.rename_relation(arriving, target) -%}
{% endmacro %}
