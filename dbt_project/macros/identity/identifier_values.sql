{#-
    Every identifier on every landed call, as a query of one row per identifier on an event:
        source, landed_table, event_id, load_id
        seen_at               the earlier of when it happened and when it was received
        identifier_id, identifier_type, identifier_value, priority
        first_identifier_id   the event's identifier of highest priority
        place                 the identifier's rank on the event, by priority and then value
    All of it is computed from the one row that the event is, so that no event waits for another.
    With a plan (see identity_plan) only what landed since is read; with `only_others` those that
    are not the first of their event.
-#}
{% macro identifier_values(rules, plan=none, only_others=false) %}
    {{ return(weft.identifier_rows(weft.identified_tables(rules, plan), rules.block, only_others)) }}
{% endmacro %}


{#- The event's identifier of highest priority, as a query: source, event_id, identifier_id. -#}
{% macro first_identifiers(rules, plan=none) %}
    {%- set selects = [] -%}
    {%- for origin, columns in weft.identified_tables(rules, plan) -%}
        {%- set rows -%}
    select
        {{ weft.literal(origin.source) }} as source,
        event_id,
        {{ weft.first_identifier(columns) }} as identifier_id
    from (
        {{ weft.identified_calls(origin, columns, rules.block) | indent(8) }}
    ) as identified
        {%- endset -%}
        {%- do selects.append(rows) -%}
    {%- endfor -%}
    {%- set none_at_all -%}
        select source, event_id, identifier_id from ({{ weft.no_identifier_values() }}) as none_at_all
    {%- endset -%}
    {{ return(selects | join('\n\n    union all\n') or none_at_all) }}
{% endmacro %}


{#-
    The values of one type as they were sent, normalised and not yet judged, as a query: sent_value,
    seen_at. Values come more often than identifiers, so that whoever groups first judges less.
-#}
{% macro sent_values(rules, rule, plan=none) %}
    {%- set selects = [] -%}
    {%- for origin, columns in weft.identified_tables(rules, plan) -%}
        {%- for column in columns if column.rule.type == rule.type -%}
            {%- do selects.append(
                'select ' ~ weft.normalized(column.expression, rule) ~ ' as sent_value, '
                ~ origin.seen_at ~ ' as seen_at from ' ~ origin.relation ~ ' where ' ~ origin.where
            ) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- set none_at_all -%}
        select identifier_value as sent_value, seen_at
        from ({{ weft.no_identifier_values() }}) as none_at_all
    {%- endset -%}
    {{ return(selects | join('\nunion all\n') or none_at_all) }}
{% endmacro %}


{#-
    The rows of identifier_values(), for tables given as [(origin, columns)]. A call's values are
    normalised and judged once, whatever the number of its identifiers.
-#}
{% macro identifier_rows(tables, block, only_others=false) %}
    {%- set calls = [] -%}
    {%- set selects = [] -%}
    {%- for origin, columns in tables -%}
        {%- set name = 'identified_' ~ loop.index -%}
        {%- set query -%}
{{ name }} as (

    select
        *,
        {{ weft.first_identifier(columns) }} as first_identifier_id
    from (
        {{ weft.identified_calls(origin, columns, block) | indent(8) }}
    ) as identified

)
        {%- endset -%}
        {%- do calls.append(query) -%}
        {%- do selects.extend(weft.identifiers_of_table(name, origin, columns, only_others)) -%}
    {%- endfor -%}
    {%- if not selects -%}
        {{ return(weft.no_identifier_values()) }}
    {%- endif -%}
    {{ return('with ' ~ calls | join(',\n\n') ~ '\n\n' ~ selects | join('\n\nunion all\n\n')) }}
{% endmacro %}


{#- The queries that give the rows of identifier_values() of a table. -#}
{% macro identifiers_of_table(calls, origin, columns, only_others) %}
    {{ return(adapter.dispatch('identifiers_of_table', 'weft')(calls, origin, columns, only_others)) }}
{% endmacro %}

{% macro default__identifiers_of_table(calls, origin, columns, only_others) %}
    {%- set selects = [] -%}
    {%- for number in range(columns | length) -%}
        {%- if weft.is_preceded(columns, number) or not only_others -%}
            {%- do selects.append(
                weft.identifiers_of_column(calls, origin, columns, number, only_others)
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(selects) }}
{% endmacro %}


{#- The rows of identifier_values() that one column of a table gives. -#}
{% macro identifiers_of_column(calls, origin, columns, number, only_others) %}
    {%- set value = 'value_' ~ number -%}
    {%- set rule = columns[number].rule -%}
select
    {{ weft.literal(origin.source) }} as source,
    {{ weft.literal(origin.landed_table) }} as landed_table,
    event_id,
    load_id,
    seen_at,
    {{ weft.identifier_key(rule.type, value) }} as identifier_id,
    {{ weft.literal(rule.type) }} as identifier_type,
    {{ value }} as identifier_value,
    cast({{ rule.priority }} as {{ weft.sql_type('integer') }}) as priority,
    first_identifier_id,
    cast({{ weft.place_on_event(columns, number) }} as {{ weft.sql_type('integer') }}) as place
from {{ calls }}
where {{ value }} is not null
{{- ' and (' ~ weft.is_preceded(columns, number) ~ ')' if only_others }}
{%- endmacro %}


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
    {{ return(weft.no_rows({
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
    })) }}
{% endmacro %}
