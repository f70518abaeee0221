{#-
    The identifiers of a table's calls on Spark, all columns in one pass: a part of a query that is
    named twice is computed twice, and there are as many columns as types.
-#}
{% macro spark__identifiers_of_table(calls, origin, columns, only_others) %}
    {%- set structs = [] -%}
    {%- for column in columns -%}
        {%- set number = loop.index0 -%}
        {%- set value = 'value_' ~ number -%}
        {%- do structs.append(
            "named_struct('identifier_id', " ~ weft.identifier_key(column.rule.type, value)
            ~ ", 'identifier_type', " ~ weft.literal(column.rule.type)
            ~ ", 'identifier_value', " ~ value
            ~ ", 'priority', cast(" ~ column.rule.priority ~ ' as ' ~ weft.sql_type('integer') ~ ')'
            ~ ", 'place', cast(" ~ weft.place_on_event(columns, number) ~ ' as '
            ~ weft.sql_type('integer') ~ '))'
        ) -%}
    {%- endfor -%}
    {%- set query -%}
select
    {{ weft.literal(origin.source) }} as source,
    {{ weft.literal(origin.landed_table) }} as landed_table,
    event_id,
    load_id,
    seen_at,
    one.identifier_id,
    one.identifier_type,
    one.identifier_value,
    one.priority,
    first_identifier_id,
    one.place
from {{ calls }}
lateral view inline(array(
    {{ structs | join(',\n    ') }}
)) one
where one.identifier_value is not null
{{- ' and one.identifier_id <> first_identifier_id' if only_others }}
    {%- endset -%}
    {{ return([query]) }}
{% endmacro %}
