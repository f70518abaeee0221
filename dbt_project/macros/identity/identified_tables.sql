{#-
    The landed tables that hold identifiers, and which: [(origin, columns)]. An origin says where
    rows are, what their id, load and time are, and which of them a plan reads.
-#}
{% macro identified_tables(rules, plan=none) %}
    {%- set found = [] -%}
    {%- set forgotten = weft.forgotten_types() -%}
    {%- for table in weft.call_tables() -%}
        {%- for landed in weft.landed_tables(table) -%}
            {%- set columns = weft.identifier_columns_in(rules, table, landed.columns) -%}
            {%- if columns -%}
                {%- do found.append(({
                    'source': landed.source,
                    'landed_table': table,
                    'relation': landed.relation,
                    'id': weft.in_byte_order('id'),
                    'load_id': 'load_id',
                    'seen_at': 'least(' ~ adapter.quote('timestamp') ~ ', received_at)',
                    'where': weft.is_arriving(landed, table, plan)
                        ~ weft.and_not_forgotten(columns, forgotten),
                }, columns)) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(found) }}
{% endmacro %}


{#- Which columns of a table hold identifiers: [{rule, expression}], in order of the rules. -#}
{% macro identifier_columns_in(rules, table, present) %}
    {%- set found = [] -%}
    {%- for rule in rules.identifiers -%}
        {%- for column in rule.from -%}
            {%- set name = weft.column_in_table(column, table) -%}
            {%- if name == 'previous_id' and name in present and 'user_id' in present -%}
                {#- A client that aliases an id to itself says nothing. -#}
                {%- do found.append({
                    'rule': rule,
                    'expression': 'case when previous_id is distinct from user_id then previous_id end',
                }) -%}
            {%- elif name in present -%}
                {%- do found.append({'rule': rule, 'expression': adapter.quote(name)}) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(found) }}
{% endmacro %}


{#- The column a rule names in a table, none when it names another table. -#}
{% macro column_in_table(column, table) %}
    {%- set parts = column.split('.') -%}
    {{ return(parts[-1] if parts | length == 1 or parts[0] == table else none) }}
{% endmacro %}
