{#-
    The rows of a landed table over all sources, as a query.

    name      the landed table: tracks, identifies, order_completed …
    columns   {column: type}; a column that has not landed is a typed null, a table that has not
              landed gives no rows

    Every row also has `source` and `load_id`. Only loads that are complete are read.
-#}
{% macro landed(name, columns) %}
    {%- set tables = weft.landed_tables(name) -%}
    {%- if not tables %}
        select
            {%- for column, type in columns.items() %}
            cast(null as {{ weft.sql_type(type) }}) as {{ adapter.quote(column) }},
            {%- endfor %}
            cast(null as {{ weft.sql_type('text') }}) as source,
            cast(null as {{ weft.sql_type('integer') }}) as load_id
        where false
    {%- endif -%}
    {%- for table in tables %}
        {%- if not loop.first %}
        union all
        {%- endif %}
        select
            {%- for column, type in columns.items() %}
            {%- if column in table.columns %}
            {{ weft.try_cast(adapter.quote(column), type, table.columns[column]) }} as {{ adapter.quote(column) }},
            {%- else %}
            cast(null as {{ weft.sql_type(type) }}) as {{ adapter.quote(column) }},
            {%- endif %}
            {%- endfor %}
            {{ weft.in_byte_order(weft.literal(table.source)) }} as source,
            load_id
        from {{ table.relation }}
        where {{ weft.is_landed(table) }}
    {%- endfor -%}
{% endmacro %}


{#-
    Whether a row of a landed table (one of landed_tables) is to be read: when its load is complete,
    and always when the table is a view on someone else's.
-#}
{% macro is_landed(table) %}
    {%- set until = weft.landed_until() -%}
    {%- set in_time = 'loaded_at < ' ~ until if until and 'loaded_at' in table.columns -%}
    {%- if table.relation.is_view -%}
        {{ return(in_time or 'true') }}
    {%- endif -%}
    {%- set is_complete = 'load_id in (' ~ weft.landed_loads(table.source) ~ ')' -%}
    {{ return(is_complete ~ ' and ' ~ in_time if in_time else is_complete) }}
{% endmacro %}


{#-
    When an earlier as-of date is built: the UTC timestamp at which its day ended, after which
    nothing had landed yet. Empty otherwise.
-#}
{% macro landed_until() %}
    {%- set day = env_var('WEFT_LANDED_UNTIL', '') -%}
    {{ return(weft.end_of_day("date '" ~ day ~ "'") if day else '') }}
{% endmacro %}


{#- The loads of a source that are complete, as a query. -#}
{% macro landed_loads(source) %}
    {{ return(
        'select load_id from ' ~ weft.system_table('loads')
        ~ " where state = 'landed' and format <> 'view' and source = " ~ weft.literal(source)
    ) }}
{% endmacro %}


{#- One of weft's own tables, as a relation. -#}
{% macro system_table(name) %}
    {{ return(api.Relation.create(
        database=target.get('database'), schema='weft', identifier=name
    )) }}
{% endmacro %}


{#-
    Where a landed table stands: a list of {source, relation, columns: {name: type}}, empty while
    nothing has landed. A source's schema bears the source's name.
-#}
{% macro landed_tables(name) %}
    {{ return(adapter.dispatch('landed_tables', 'weft')(name)) }}
{% endmacro %}

{% macro default__landed_tables(name) %}
    {%- if not execute -%}
        {{ return([]) }}
    {%- endif -%}
    {%- set tables = {} -%}
    {%- for source in weft.landed_sources() -%}
        {%- set relation = weft.stored_relation(source, name) -%}
        {%- if relation is not none -%}
            {%- set columns = {} -%}
            {%- for column in adapter.get_columns_in_relation(relation) -%}
                {%- do columns.update({column.name: column.dtype}) -%}
            {%- endfor -%}
            {%- do tables.update({
                source: {'source': source, 'relation': relation, 'columns': columns}
            }) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(tables.values() | list) }}
{% endmacro %}


{#- The names of the sources of which anything has landed, sorted. -#}
{% macro landed_sources() %}
    {{ return(adapter.dispatch('landed_sources', 'weft')()) }}
{% endmacro %}

{% macro default__landed_sources() %}
    {%- set loads = weft.system_table('loads') -%}
    {%- if weft.stored_relation(loads.schema, loads.identifier) is none -%}
        {{ return([]) }}
    {%- endif -%}
    {%- set found = run_query(
        'select distinct source from ' ~ loads ~ " where state = 'landed' order by source"
    ) -%}
    {{ return(found.columns[0].values() | list) }}
{% endmacro %}
