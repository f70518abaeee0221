{#-
    A table or view that stands in the warehouse, as a relation; none when there is none.

    The catalog is asked. dbt's own answer comes from a cache that another thread may just be
    filling: a table that has landed would be missing, and its events with it.
-#}
{% macro stored_relation(schema, identifier) %}
    {{ return(adapter.dispatch('stored_relation', 'weft')(schema, identifier)) }}
{% endmacro %}


{% macro default__stored_relation(schema, identifier) %}
    {%- set found = run_query(
        'select table_type from information_schema.tables'
        ~ ' where table_catalog = ' ~ weft.literal(target.database)
        ~ ' and table_schema = ' ~ weft.literal(schema)
        ~ ' and table_name = ' ~ weft.literal(identifier)
    ) -%}
    {%- if found.rows | length == 0 -%}
        {{ return(none) }}
    {%- endif -%}
    {{ return(api.Relation.create(
        database=target.database,
        schema=schema,
        identifier=identifier,
        type='view' if found.columns[0].values()[0] == 'VIEW' else 'table',
    )) }}
{% endmacro %}
