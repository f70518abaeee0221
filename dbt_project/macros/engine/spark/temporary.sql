{#-
    What lives as long as a build, on Spark, which has no temporary tables: Parquet files below the
    warehouse's folder, and a temporary view on them. A view alone would be computed again by
    whoever reads it, and the rounds of a solve would pile up in one endless plan.

    Whoever replaces a table reads it, so that its files alternate between two places. They are
    written over by the next build, no catalog need know of them, and weft deletes what lies in
    their folder when it opens the warehouse.
-#}
{% macro spark__create_temporary(table, query, name) %}
    {%- set path = weft.literal(weft.spark_temporary_path(table)) -%}
    {% call statement(name) %}
        insert overwrite directory {{ path }} using parquet {{ query }}
    {% endcall %}
    {% call statement('temporary_view') %}
        create or replace temporary view {{ table }} using parquet options (path {{ path }})
    {% endcall %}
{% endmacro %}

{#- The place that the table's files are not in at present. -#}
{% macro spark_temporary_path(table) %}
    {%- set memory = weft.run_memory() -%}
    {%- if 'temporary_folder' not in memory -%}
        {%- do memory.update({
            'temporary_folder': run_query('set spark.sql.warehouse.dir').columns[1].values()[0]
        }) -%}
    {%- endif -%}
    {%- set places = memory.setdefault('temporary_places', {}) -%}
    {%- set place = 1 - places.get(table, 1) -%}
    {%- do places.update({table: place}) -%}
    {{ return(
        memory.temporary_folder ~ '/weft_parts/' ~ target.schema ~ '/' ~ table.strip('`') ~ '_' ~ place
    ) }}
{% endmacro %}


{% macro spark__replace_temporary(table, query) %}
    {%- do weft.create_temporary(table, query, 'replace') -%}
{% endmacro %}


{% macro spark__add_to_temporary(table, query) %}
    {%- do weft.replace_temporary(table, 'select * from ' ~ table ~ ' union all ' ~ query) -%}
{% endmacro %}


{% macro spark__drop_temporary(tables) %}
    {%- for table in tables -%}
        {% call statement('drop') %}
            drop view if exists {{ table }}
        {% endcall %}
    {%- endfor -%}
{% endmacro %}
