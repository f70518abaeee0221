{#- What a build that died left behind: a table takes its place, or goes. See put_in_place. -#}
{% macro spark__recover_tables() %}
    {%- if not execute -%}
        {{ return('') }}
    {%- endif -%}
    {%- do weft.spark_check_threads() -%}
    {%- set schemas = [target.schema] -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.schema not in schemas -%}
        {%- do schemas.append(node.schema) -%}
    {%- endfor -%}
    {%- set next = weft.spark_next_suffix() -%}
    {%- for schema in schemas -%}
        {%- set relations = weft.spark_relations(schema) -%}
        {%- for name, relation in relations.items() -%}
            {%- if name.endswith(next) and name[:-(next | length)] not in relations -%}
                {%- do adapter.rename_relation(relation, api.Relation.create(
                    schema=schema, identifier=name[:-(next | length)], type='table'
                )) -%}
            {%- elif name.endswith(next) or '__arriving_' in name -%}
                {%- do adapter.drop_relation(relation) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return('') }}
{% endmacro %}


{#- Two who append to one table of files at once take away each other's; Spark itself works in parallel. -#}
{% macro spark_check_threads() %}
    {%- if target.threads > 1 -%}
        {{ exceptions.raise_compiler_error(
            'Target ' ~ target.name ~ ' has ' ~ target.threads ~ ' threads, and tables of files on Spark'
            ~ ' take one writer at a time; set threads: 1 in profiles.yml, Spark itself works in parallel.'
        ) }}
    {%- endif -%}
{% endmacro %}
