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
            load_id in ({{ weft.landed_loads(landed.source) }})
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


{#- A value after the normalisations of its rule: trim, lower, e164. -#}
{% macro normalized(expression, rule) %}
    {%- set value = namespace(sql='cast(' ~ expression ~ ' as ' ~ weft.sql_type('text') ~ ')') -%}
    {%- for step in rule.normalize -%}
        {%- if step == 'e164' -%}
            {%- set value.sql = weft.e164(value.sql, rule.default_country_code) -%}
        {%- else -%}
            {%- set value.sql = step ~ '(' ~ value.sql ~ ')' -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(value.sql) }}
{% endmacro %}


{#-
    A phone number as E.164: a plus and 8 to 15 digits, whatever stood between them. A number in
    national form (0170 …) gets the country code of the rule; without one, and where no number can
    be made of it, the value is null and identifies nobody.
-#}
{% macro e164(expression, country_code) %}
    {%- set digits = weft.digits(expression) -%}
    {%- set national = "'+" ~ country_code ~ "' || ltrim(" ~ digits ~ ", '0')" -%}
    {%- set number -%}
        case
            when ltrim({{ expression }}) like '+%' then '+' || {{ digits }}
            when {{ digits }} like '00%' then '+' || substr({{ digits }}, 3)
            {%- if country_code %}
            else {{ national }}
            {%- endif %}
        end
    {%- endset -%}
    {{ return(
        'case when length(' ~ number ~ ') between 9 and 16 then ' ~ number ~ ' end'
    ) }}
{% endmacro %}


{#- Whether a value may identify anybody: not blank and not blocked. -#}
{% macro is_identifying(expression, block) %}
    trim({{ expression }}) <> ''
    {%- if block['values'] %}
    and lower(trim({{ expression }})) not in (
        {%- for value in block['values'] -%}
        {{ weft.literal(value | string | lower) }}{{ ', ' if not loop.last }}
        {%- endfor -%}
    )
    {%- endif %}
    {%- for pattern in block['patterns'] %}
    and not {{ weft.matches(expression, pattern) }}
    {%- endfor %}
{%- endmacro %}
