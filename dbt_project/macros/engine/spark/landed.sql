{#-
    What has landed, remembered on Spark, where every question takes its time: nothing lands and
    nobody is forgotten while dbt runs, since only one process works in the warehouse.
-#}
{% macro spark__landed_tables(name) %}
    {%- if not execute -%}
        {{ return([]) }}
    {%- endif -%}
    {%- set known = weft.run_memory().setdefault('landed_tables', {}) -%}
    {%- if name not in known -%}
        {%- do known.update({name: weft.default__landed_tables(name)}) -%}
    {%- endif -%}
    {{ return(known[name]) }}
{% endmacro %}


{% macro spark__landed_sources() %}
    {%- set memory = weft.run_memory() -%}
    {%- if 'landed_sources' not in memory -%}
        {%- do memory.update({'landed_sources': weft.default__landed_sources()}) -%}
    {%- endif -%}
    {{ return(memory.landed_sources) }}
{% endmacro %}


{% macro spark__forgotten_types() %}
    {%- set memory = weft.run_memory() -%}
    {%- if execute and 'forgotten_types' not in memory -%}
        {%- do memory.update({'forgotten_types': weft.default__forgotten_types()}) -%}
    {%- endif -%}
    {{ return(memory.get('forgotten_types', [])) }}
{% endmacro %}


{% macro spark__landed_calls(table) %}
    {%- set known = weft.run_memory().setdefault('landed_calls', {}) -%}
    {%- if table not in known -%}
        {%- do known.update({table: weft.default__landed_calls(table)}) -%}
    {%- endif -%}
    {{ return(known[table]) }}
{% endmacro %}


{% macro spark__common_signature() %}
    {%- set memory = weft.run_memory() -%}
    {%- if 'common_signature' not in memory -%}
        {%- do memory.update({'common_signature': weft.default__common_signature()}) -%}
    {%- endif -%}
    {{ return(memory.common_signature) }}
{% endmacro %}
