{#- The traits of a trait model: its columns beside profile_id, which must be there. -#}
{% macro trait_columns(relation) %}
    {%- if not execute -%}
        {{ return([]) }}
    {%- endif -%}
    {%- set columns = adapter.get_columns_in_relation(relation) | map(attribute='name') | list -%}
    {%- if 'profile_id' not in columns -%}
        {{ exceptions.raise_compiler_error(
            'Trait model ' ~ relation.identifier ~ ' has no column profile_id; it has: '
            ~ columns | join(', ') ~ '.'
        ) }}
    {%- endif -%}
    {{ return(columns | reject('equalto', 'profile_id') | list) }}
{% endmacro %}
