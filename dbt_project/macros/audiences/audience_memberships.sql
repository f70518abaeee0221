{#- The columns of the ledger of memberships, as a query without rows. -#}
{% macro no_audience_memberships() %}
    select
        cast(null as {{ weft.sql_type('text') }}) as audience,
        cast(null as {{ weft.sql_type('text') }}) as profile_id,
        cast(null as {{ weft.sql_type('text') }}) as change,
        cast(null as {{ weft.sql_type('text') }}) as reason,
        cast(null as {{ weft.sql_type('text') }}) as run_id,
        cast(null as {{ weft.sql_type('date') }}) as as_of,
        cast(null as {{ weft.sql_type('timestamp') }}) as changed_at
    where false
{% endmacro %}


{#- The ledger's table, wherever the project has put the model `audience_memberships`. -#}
{% macro audience_memberships() %}
    {%- set node = graph.nodes['model.weft.audience_memberships'] -%}
    {{ return(api.Relation.create(
        database=node.database, schema=node.schema, identifier=node.alias
    )) }}
{% endmacro %}


{#- Create the ledger where it does not exist. It is never dropped and never rewritten. -#}
{% macro create_audience_memberships() %}
    {%- if execute -%}
        {%- set ledger = weft.audience_memberships() -%}
        {%- do adapter.create_schema(ledger) -%}
        {%- set statement -%}
            create table if not exists {{ ledger }} as {{ weft.no_audience_memberships() }}
        {%- endset -%}
        {{ return(statement) }}
    {%- endif -%}
{% endmacro %}
