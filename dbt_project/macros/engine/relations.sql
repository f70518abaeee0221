{#- Let a table that was built aside take the place of the one that was there, if any. -#}
{% macro put_in_place(arriving, existing, target) %}
    {%- do adapter.dispatch('put_in_place', 'weft')(arriving, existing, target) -%}
{% endmacro %}

{% macro default__put_in_place(arriving, existing, target) %}
    {%- if existing is not none -%}
        {%- do adapter.drop_relation(existing) -%}
    {%- endif -%}
    {%- do adapter.rename_relation(arriving, target) -%}
{% endmacro %}


{#- Where a table is built aside that is to take the place of another; nothing stands there. -#}
{% macro arriving_relation(target) %}
    {%- set arriving = adapter.dispatch('arriving_relation', 'weft')(target) -%}
    {%- do drop_relation_if_exists(load_cached_relation(arriving)) -%}
    {{ return(arriving) }}
{% endmacro %}

{% macro default__arriving_relation(target) %}
    {{ return(make_intermediate_relation(target)) }}
{% endmacro %}


{#- How the names of tables end that stand beside another one while that is built. -#}
{% macro arriving_suffix() %}
    {{ return(adapter.dispatch('arriving_suffix', 'weft')()) }}
{% endmacro %}

{% macro default__arriving_suffix() %}
    {{ return('__arriving') }}
{% endmacro %}


{#- Create a table that stays, from a query. -#}
{% macro create_table(table, query, name='create') %}
    {% call statement(name) %}
        create table {{ table }} {{ weft.table_format(config.get('file_format')) }} as {{ query }}
    {% endcall %}
{% endmacro %}


{#- How a table is stored, where an engine leaves that to a project: `file_format` of a model. -#}
{% macro table_format(format) %}
    {{ return(adapter.dispatch('table_format', 'weft')(format)) }}
{% endmacro %}

{% macro default__table_format(format) %}
    {{ return('') }}
{% endmacro %}


{#- What is remembered as long as one run of dbt lasts; `graph` is what its models share. -#}
{% macro run_memory() %}
    {{ return(graph.setdefault('weft', {}).setdefault(invocation_id, {})) }}
{% endmacro %}


{#- What a build that died left behind is put right, where an engine has no transactions. -#}
{% macro recover_tables() %}
    {{ return(adapter.dispatch('recover_tables', 'weft')()) }}
{% endmacro %}

{% macro default__recover_tables() %}
    {{ return('') }}
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


{#- The strategy of an incremental model whose rows take the place of those with the same key. -#}
{% macro replacing_strategy() %}
    {{ return(adapter.dispatch('replacing_strategy', 'weft')()) }}
{% endmacro %}

{% macro default__replacing_strategy() %}
    {{ return('delete+insert') }}
{% endmacro %}


{#- Let the rows that a table has of the run at hand go, where an engine can only append others. -#}
{% macro make_room_for_run(table) %}
    {{ return(adapter.dispatch('make_room_for_run', 'weft')(table)) }}
{% endmacro %}

{% macro default__make_room_for_run(table) %}
    {{ return('') }}
{% endmacro %}


{#- A query whose text is no longer than it must be, where an engine keeps but so much of a view. -#}
{% macro compact(query) %}
    {{ return(adapter.dispatch('compact', 'weft')(query)) }}
{% endmacro %}

{% macro default__compact(query) %}
    {{ return(query) }}
{% endmacro %}


{#- A query that has columns, {name: type}, and no rows. -#}
{% macro no_rows(columns) %}
    select
        {%- for column, type in columns.items() %}
        cast(null as {{ weft.sql_type(type) }}) as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    where false
{%- endmacro %}
