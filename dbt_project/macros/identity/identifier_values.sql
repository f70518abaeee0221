{#-
    Every identifier on every landed call, as a query of one row per identifier on an event:
        source, landed_table, event_id, load_id
        seen_at               the earlier of when it happened and when it was received
        identifier_id, identifier_type, identifier_value, priority
        first_identifier_id   the event's identifier of highest priority
        place                 the identifier's rank on the event, by priority and then value
    All of it is computed from the one row that the event is, so that no event waits for another.
    With a plan (see identity_plan) only what landed since is read; with `only_type` the identifiers
    of a type; with `only_others` those that are not the first of their event.
-#}
{% macro identifier_values(rules, plan=none, only_type=none, only_others=false) %}
    {%- set selects = [] -%}
    {%- for table in weft.call_tables() -%}
        {%- for landed in weft.landed_tables(table) -%}
            {%- set columns = weft.identifier_columns_in(rules, table, landed.columns) -%}
            {%- if columns -%}
                {%- do selects.extend(weft.identifier_rows({
                    'source': landed.source,
                    'landed_table': table,
                    'relation': landed.relation,
                    'id': 'id',
                    'load_id': 'load_id',
                    'seen_at': 'least(' ~ adapter.quote('timestamp') ~ ', received_at)',
                    'where': weft.is_arriving(landed, table, plan),
                }, columns, rules.block, only_type, only_others)) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(selects | join('\n\n    union all\n') or weft.no_identifier_values()) }}
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


{#-
    The rows of identifier_values() for one table, as a list of queries, one per column. `origin`
    says where it is and what its id, load and time are; `columns` what its identifiers are.
-#}
{% macro identifier_rows(origin, columns, block, only_type=none, only_others=false) %}
    {%- set calls = weft.identified_calls(origin, columns, block) -%}
    {%- set first = weft.first_identifier(columns) -%}
    {%- set selects = [] -%}
    {%- for number in range(columns | length) -%}
        {%- set earlier = weft.is_preceded(columns, number) -%}
        {%- set is_asked_for = only_type is none or columns[number].rule.type == only_type -%}
        {%- if is_asked_for and (earlier or not only_others) -%}
            {%- set rows -%}
    select
        {{ weft.literal(origin.source) }} as source,
        {{ weft.literal(origin.landed_table) }} as landed_table,
        event_id,
        load_id,
        seen_at,
        {{ weft.identifier_key(columns[number].rule.type, 'value_' ~ number) }} as identifier_id,
        {{ weft.literal(columns[number].rule.type) }} as identifier_type,
        value_{{ number }} as identifier_value,
        cast({{ columns[number].rule.priority }} as {{ weft.sql_type('integer') }}) as priority,
        {{ first }} as first_identifier_id,
        cast({{ weft.place_on_event(columns, number) }} as {{ weft.sql_type('integer') }}) as place
    from (
        {{ calls | indent(8) }}
    ) as identified
    where value_{{ number }} is not null{{ ' and (' ~ earlier ~ ')' if only_others }}
            {%- endset -%}
            {%- do selects.append(rows) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(selects) }}
{% endmacro %}


{#- A table's calls with the normalised value of each identifier, null where blocked or repeated. -#}
{% macro identified_calls(origin, columns, block) -%}
select
    event_id,
    load_id,
    seen_at
    {%- for column in columns %},
    {%- set value = 'sent_' ~ loop.index0 %}
    case
        when
            {{ weft.is_identifying(value, block, column.rule.block) | indent(12) }}
            {%- for earlier in range(loop.index0) if columns[earlier].rule.type == column.rule.type %}
            and {{ value }} is distinct from sent_{{ earlier }}
            {%- endfor %}
        then {{ value }}
    end as value_{{ loop.index0 }}
    {%- endfor %}
from (
    select
        {{ origin.id }} as event_id,
        {{ origin.load_id }} as load_id,
        {{ origin.seen_at }} as seen_at
        {%- for column in columns %},
        {{ weft.normalized(column.expression, column.rule) }} as sent_{{ loop.index0 }}
        {%- endfor %}
    from {{ origin.relation }}
    where {{ origin.where }}
) as sent
{%- endmacro %}


{#- The key of a call's identifier of highest priority; of two of one type the smaller value. -#}
{% macro first_identifier(columns) %}
    {%- set choices = [] -%}
    {%- for priority, siblings in weft.columns_by_rule(columns).items() -%}
        {%- set value = 'value_' ~ siblings[0] -%}
        {%- if siblings | length > 1 -%}
            {%- set value = 'least(value_' ~ siblings | join(', value_') ~ ')' -%}
        {%- endif -%}
        {%- do choices.append(
            'when ' ~ value ~ ' is not null then '
            ~ weft.identifier_key(columns[siblings[0]].rule.type, value)
        ) -%}
    {%- endfor -%}
    {{ return('case ' ~ choices | join(' ') ~ ' end') }}
{% endmacro %}


{#- Whether a call has an identifier that comes before one of its columns, empty if none can. -#}
{% macro is_preceded(columns, number) %}
    {%- set conditions = [] -%}
    {%- set priority = columns[number].rule.priority -%}
    {%- for column in columns -%}
        {%- set other = 'value_' ~ loop.index0 -%}
        {%- if column.rule.priority < priority -%}
            {%- do conditions.append(other ~ ' is not null') -%}
        {%- elif column.rule.priority == priority and loop.index0 != number -%}
            {%- do conditions.append(other ~ ' < value_' ~ number) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(conditions | join(' or ')) }}
{% endmacro %}


{#- An identifier's rank on its call: by priority, among those of one type by value. -#}
{% macro place_on_event(columns, number) %}
    {%- set priority = columns[number].rule.priority -%}
    {%- set terms = [priority * 100] -%}
    {%- for sibling in weft.columns_by_rule(columns)[priority] if sibling != number -%}
        {%- do terms.append(
            'case when value_' ~ sibling ~ ' < value_' ~ number ~ ' then 1 else 0 end'
        ) -%}
    {%- endfor -%}
    {{ return(terms | join(' + ')) }}
{% endmacro %}


{#- {priority of the rule: [numbers of its columns]} -#}
{% macro columns_by_rule(columns) %}
    {%- set numbers = {} -%}
    {%- for column in columns -%}
        {%- do numbers.setdefault(column.rule.priority, []).append(loop.index0) -%}
    {%- endfor -%}
    {{ return(numbers) }}
{% endmacro %}


{% macro no_identifier_values() %}
    select
        {%- for column, type in {
            'source': 'text',
            'landed_table': 'text',
            'event_id': 'text',
            'load_id': 'integer',
            'seen_at': 'timestamp',
            'identifier_id': 'key',
            'identifier_type': 'text',
            'identifier_value': 'text',
            'priority': 'integer',
            'first_identifier_id': 'key',
            'place': 'integer',
        }.items() %}
        cast(null as {{ weft.sql_type(type) }}) as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    where false
{%- endmacro %}
