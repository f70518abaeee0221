{#-
    The traits of accounts, {name: type}: every column that a group call has landed beside those of
    every call, by name. A trait that landed with different types from two sources is text.
-#}
{% macro account_traits() %}
    {%- set not_traits = weft.columns_of_every_call() + [
        'group_id', 'count_members', 'first_seen_at', 'last_seen_at',
    ] -%}
    {%- set landed = {} -%}
    {%- for table in weft.landed_tables('groups') -%}
        {%- for column, dtype in table.columns.items() -%}
            {%- set type = weft.type_of(dtype) -%}
            {%- if column not in not_traits and not column.startswith('context_') -%}
                {%- do landed.update({column: type if landed.get(column, type) == type else 'text'}) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- set traits = {} -%}
    {%- for column in landed | sort -%}
        {%- do traits.update({column: landed[column]}) -%}
    {%- endfor -%}
    {{ return(traits) }}
{% endmacro %}
