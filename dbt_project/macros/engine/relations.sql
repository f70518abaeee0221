{#- Let a table that was built aside take the place of the one that was there, if any. -#}
{% macro put_in_place(arriving, existing, target) %}
    {%- if existing is not none -%}
        {%- do adapter.drop_relation(existing) -%}
    {%- endif -%}
    {%- do adapter.rename_relation(arriving, target) -%}
{% endmacro %}


{#- The table of one of the core's models, wherever the project has put it. -#}
{% macro core_relation(name) %}
    {%- set node = graph.nodes['model.weft.' ~ name] -%}
    {{ return(api.Relation.create(
        database=node.database, schema=node.schema, identifier=node.alias
    )) }}
{% endmacro %}


{#- SQL that creates a ledger where it does not exist. It is never dropped and never rewritten. -#}
{% macro create_ledger(ledger, no_rows) %}
    {%- do adapter.create_schema(ledger) -%}
    {{ return('create table if not exists ' ~ ledger ~ ' as ' ~ no_rows) }}
{% endmacro %}


{#- A query that has columns, {name: type}, and no rows. -#}
{% macro no_rows(columns) %}
    select
        {%- for column, type in columns.items() %}
        cast(null as {{ weft.sql_type(type) }}) as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    where false
{%- endmacro %}
