{#- Stop with the name of the setting that does not exist, and those that do. -#}
{% macro check_keys(name, given, known) %}
    {%- for key in given if key not in known -%}
        {{ exceptions.raise_compiler_error(
            name ~ ": there is no setting '" ~ key ~ "'; known: " ~ known | join(', ') ~ "."
        ) }}
    {%- endfor -%}
{% endmacro %}
