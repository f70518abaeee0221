{#- The traits of a trait model: its columns beside its key, which must be there. -#}
{% macro trait_columns(relation, key='profile_id') %}
    {%- if not execute -%}
        {{ return([]) }}
    {%- endif -%}
    {%- set columns = adapter.get_columns_in_relation(relation) | map(attribute='name') | list -%}
    {%- if key not in columns -%}
        {{ exceptions.raise_compiler_error(
            'Trait model ' ~ relation.identifier ~ ' has no column ' ~ key ~ '; it has: '
            ~ columns | join(', ') ~ '.'
        ) }}
    {%- endif -%}
    {{ return(columns | reject('equalto', key) | list) }}
{% endmacro %}
