{#-
    Every identifier on every landed call, as a query: source, event_id, load_id, occurred_at,
    received_at, identifier_type, priority, identifier_value (normalised). Columns that have not
    landed give no rows.
-#}
{% macro identifier_values(rules) %}
    {%- set selects = [] -%}
    {%- for table in weft.call_tables() -%}
        {%- for landed in weft.landed_tables(table) -%}
            {%- for rule in rules.identifiers -%}
                {%- for column in rule.from -%}
                    {%- set name = weft.column_in_table(column, table) -%}
                    {%- if name in landed.columns -%}
                        {%- do selects.append(weft.identifier_select(landed, rule, name)) -%}
                    {%- endif -%}
                {%- endfor -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- if selects %}
        {{ selects | join('\n        union all\n') }}
    {%- else %}
        select
            cast(null as {{ weft.sql_type('text') }}) as source,
            cast(null as {{ weft.sql_type('text') }}) as event_id,
            cast(null as {{ weft.sql_type('integer') }}) as load_id,
            cast(null as {{ weft.sql_type('timestamp') }}) as occurred_at,
            cast(null as {{ weft.sql_type('timestamp') }}) as received_at,
            cast(null as {{ weft.sql_type('text') }}) as identifier_type,
            cast(null as {{ weft.sql_type('integer') }}) as priority,
            cast(null as {{ weft.sql_type('text') }}) as identifier_value
        where false
    {%- endif -%}
{% endmacro %}


{% macro identifier_select(landed, rule, column) %}
        select
            {{ weft.literal(landed.source) }} as source,
            id as event_id,
            load_id,
            {{ adapter.quote('timestamp') }} as occurred_at,
            received_at,
            {{ weft.literal(rule.type) }} as identifier_type,
            cast({{ rule.priority }} as {{ weft.sql_type('integer') }}) as priority,
            {{ weft.normalized(adapter.quote(column), rule) }} as identifier_value
        from {{ landed.relation }}
        where
            {{ weft.is_landed(landed) }}
            and {{ adapter.quote(column) }} is not null
            {%- if column == 'previous_id' and 'user_id' in landed.columns %}
            -- A client that aliases an id to itself says nothing.
            and previous_id is distinct from user_id
            {%- endif %}
{%- endmacro %}


{#- The column a rule names in a table, none when it names another table. -#}
{% macro column_in_table(column, table) %}
    {%- set parts = column.split('.') -%}
    {{ return(parts[-1] if parts | length == 1 or parts[0] == table else none) }}
{% endmacro %}
