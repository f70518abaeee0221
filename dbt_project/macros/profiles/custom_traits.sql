{#-
    The custom traits of profiles, {name: type}: those declared in `vars: custom_traits:`, then every
    other trait that an identify call has landed, by name. Identifier types have columns of their
    own.
-#}
{% macro custom_traits() %}
    {%- set traits = {} -%}
    {%- do traits.update(var('custom_traits', {})) -%}
    {%- set not_traits = weft.columns_of_every_call() + ['profile_id', 'first_seen_at'] -%}
    {%- set not_traits = not_traits + weft.identifier_columns() -%}
    {%- for column, type in weft.landed_traits('identifies', not_traits).items() if column not in traits -%}
        {%- do traits.update({column: type}) -%}
    {%- endfor -%}
    {{ return(traits) }}
{% endmacro %}


{#-
    The traits that the calls of a landed table have brought, {name: type}, by name: its columns but
    those that are none and those of the context. A trait that landed with different types from two
    sources is text.
-#}
{% macro landed_traits(name, not_traits) %}
    {%- set landed = {} -%}
    {%- for table in weft.landed_tables(name) -%}
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


{#- The columns that the loader writes on every identify call, beside its traits. -#}
{% macro columns_of_every_call() %}
    {{ return([
        'id', 'anonymous_id', 'user_id', 'received_at', 'sent_at', 'original_timestamp',
        'timestamp', 'uuid_ts', 'loaded_at', 'load_id', 'null_traits',
    ]) }}
{% endmacro %}


{#- The columns that the identifier types have in `profiles`. -#}
{% macro identifier_columns() %}
    {%- set columns = [] -%}
    {%- for rule in weft.identity_rules().identifiers -%}
        {%- do columns.append(rule.type) -%}
        {%- do columns.append(rule.type ~ '_all') -%}
    {%- endfor -%}
    {{ return(columns) }}
{% endmacro %}
