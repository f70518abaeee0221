{#-
    Stored tables on Spark, which has no transactions. A table is written aside under a name that
    nobody else uses, and takes the name `<name>__next` once it is to be the table; then the former
    one is dropped and the next one renamed. At every moment one of the two is whole: whoever finds
    a `__next` renames it where the table is missing, and drops it where the table is there.
-#}
{% macro spark__arriving_relation(target) %}
    {{ return(target.incorporate(
        path={'identifier': target.identifier ~ weft.arriving_suffix()},
        type='table',
    )) }}
{% endmacro %}

{#- A build that was killed may leave files behind where no table is, and none can be made then. -#}
{% macro spark__arriving_suffix() %}
    {{ return('__arriving_' ~ invocation_id[:8]) }}
{% endmacro %}

{% macro spark_next_suffix() %}
    {{ return('__next') }}
{% endmacro %}


{% macro spark__put_in_place(arriving, existing, target) %}
    {%- if existing is none -%}
        {%- do adapter.rename_relation(arriving, target) -%}
    {%- else -%}
        {%- set next = target.incorporate(
            path={'identifier': target.identifier ~ weft.spark_next_suffix()}, type='table'
        ) -%}
        {%- do adapter.rename_relation(arriving, next) -%}
        {%- do weft.moment('next') -%}
        {%- do adapter.drop_relation(existing) -%}
        {%- do weft.moment('dropped') -%}
        {%- do adapter.rename_relation(next, target) -%}
    {%- endif -%}
{% endmacro %}


{#-
    Let some rows of a table go and others come: the table is written anew.

    columns    of the table, all of them
    gone       the table that says which rows go
    match      when one of `gone` means one of `stored`, as a condition
    arriving   the rows that come, as a query with the columns in their order
-#}
{% macro spark_exchange(target, columns, gone, match, arriving) %}
    {%- set next = weft.arriving_relation(target) -%}
    {%- set query -%}
        select
            {%- for column in columns %}
            stored.{{ column }}{{ ',' if not loop.last }}
            {%- endfor %}
        from {{ target }} as stored
        left anti join {{ gone }} as gone on {{ match }}
        union all
        {{ arriving }}
    {%- endset -%}
    {%- do weft.create_table(next, query, 'exchange') -%}
    {%- do weft.put_in_place(next, target, target) -%}
{% endmacro %}


{#- The catalog is asked for a schema once: what has landed does not change while dbt runs. -#}
{% macro spark__stored_relation(schema, identifier) %}
    {%- set schemas = weft.run_memory().setdefault('schemas', {}) -%}
    {%- if schema not in schemas -%}
        {%- do schemas.update({schema: weft.spark_relations(schema)}) -%}
    {%- endif -%}
    {{ return(schemas[schema].get(identifier)) }}
{% endmacro %}

{#- The tables and views of a schema, {name: relation}; none where there is no such schema. -#}
{% macro spark_relations(schema) %}
    {%- set found = {} -%}
    {%- set memory = weft.run_memory() -%}
    {%- if 'schemas_there' not in memory -%}
        {%- do memory.update({'schemas_there': run_query('show databases').columns[0].values()}) -%}
    {%- endif -%}
    {%- if schema in memory.schemas_there -%}
        {%- set views = run_query('show views in ' ~ schema).columns[1].values() -%}
        {%- for row in run_query('show tables in ' ~ schema).rows if row[0] == schema -%}
            {%- do found.update({row[1]: api.Relation.create(
                schema=schema, identifier=row[1], type='view' if row[1] in views else 'table'
            )}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(found) }}
{% endmacro %}


{% macro spark__table_format(format) %}
    {{ return('using ' ~ format if format else '') }}
{% endmacro %}


{% macro spark__replacing_strategy() %}
    {{ return('append') }}
{% endmacro %}

{% macro spark__make_room_for_run(table) %}
    {%- if execute and load_relation(table) is not none -%}
        {%- set of_run = 'run_id = ' ~ weft.literal(weft.run_id()) -%}
        {%- if weft.value_of('select count(*) from ' ~ table ~ ' where ' ~ of_run) > 0 -%}
            {%- set arriving = weft.arriving_relation(table.incorporate(type='table')) -%}
            {%- do weft.create_table(arriving, 'select * from ' ~ table ~ ' where not ' ~ of_run) -%}
            {%- do weft.put_in_place(arriving, load_relation(table), load_relation(table)) -%}
        {%- endif -%}
    {%- endif -%}
    {{ return('') }}
{% endmacro %}


{#- The embedded metastore takes 32,700 letters; half of a long query are the spaces it is indented with. -#}
{% macro spark__compact(query) %}
    {{ return(modules.re.sub('[ ]*\n[ ]*', '\n', query)) }}
{% endmacro %}
