{#-
    The calls of a group as a query: identifier_id, occurred_at, day (in the project's time zone),
    and the columns the group reads. Calls of nobody are left out.

    condition   more that must hold, over `events`
    plan        read only calls that are new to it, see trait_plan; all without
    days        read only calls around these days, [first, last]; it spares the reading of others
-#}
{% macro trait_rows(group, condition=none, plan=none, days=none) %}
    {%- set needs_landed = group.columns or group.table not in weft.call_tables() %}
select
    events.identifier_id,
    events.occurred_at,
    {{ weft.local_date('events.occurred_at') }} as day
    {%- for alias in group.columns %},
    landed.{{ adapter.quote(alias) }}
    {%- if group.columns[alias].type == 'decimal' %},
    landed.{{ adapter.quote(alias ~ '__unusable') }}
    {%- endif %}
    {%- endfor %}
from {{ ref('weft', 'events') }} as events
{%- if needs_landed %}
inner join (
    {{- weft.landed_trait_rows(group, plan, days) | indent(4) }}
) as landed
    on landed.source = events.source and landed.id = events.event_id
{%- endif %}
where
    events.call_type = {{ weft.literal(group.call) }}
    and events.identifier_id is not null
    {%- if group.names is not none %}
    and events.event_name in ({{ weft.literals(group.names) }})
    {%- endif %}
    {%- if plan is not none %}
    and {{ weft.is_new_event(plan) }}
    {%- endif %}
    {%- if days %}
    and {{ weft.around_days('events.occurred_at', days) }}
    {%- endif %}
    {%- if condition %}
    and {{ condition }}
    {%- endif %}
{%- endmacro %}


{#- Whether a timestamp can be of certain days in any time zone. -#}
{% macro around_days(expression, days) %}
    {{ return(
        expression ~ " >= date '" ~ days[0] ~ "' - interval '1 day' and "
        ~ expression ~ " < date '" ~ days[1] ~ "' + interval '2 day'"
    ) }}
{% endmacro %}


{#- Texts as a list of SQL literals; null for none, which nothing is equal to. -#}
{% macro literals(values) %}
    {%- set literals = [] -%}
    {%- for value in values -%}
        {%- do literals.append(weft.literal(value)) -%}
    {%- endfor -%}
    {{ return(literals | join(', ') or 'null') }}
{% endmacro %}


{#- The rows of a group's landed table, over all sources. -#}
{% macro landed_trait_rows(group, plan=none, days=none) %}
    {%- set tables = group.landed %}
    {%- for table in tables %}
    {%- if not loop.first %}
union all
    {%- endif %}
select
    {{ weft.literal(table.source) }} as source,
    {{ weft.in_byte_order('id') }} as id
    {%- for alias, wanted in group.columns.items() %},
    {{ weft.landed_value(table, wanted) }} as {{ adapter.quote(alias) }}
    {%- if wanted.type == 'decimal' %},
    {{ weft.is_unusable(table, wanted) }} as {{ adapter.quote(alias ~ '__unusable') }}
    {%- endif %}
    {%- endfor %}
from {{ table.relation }}
where
    {{ weft.is_landed(table) }}
    {%- if plan is not none and not table.relation.is_view %}
    and load_id > {{ plan.loads.get(table.source, 0) }}
    {%- endif %}
    {%- if days and table.columns.get('timestamp', '').lower() == weft.sql_type('timestamp') | lower %}
    and {{ weft.around_days(adapter.quote('timestamp'), days) }}
    {%- endif %}
    {%- endfor %}
    {%- if not tables %}
select
    cast(null as {{ weft.sql_type('text') }}) as source,
    cast(null as {{ weft.sql_type('text') }}) as id
    {%- for alias, wanted in group.columns.items() %},
    cast(null as {{ weft.sql_type(wanted.type) }}) as {{ adapter.quote(alias) }}
    {%- if wanted.type == 'decimal' %},
    false as {{ adapter.quote(alias ~ '__unusable') }}
    {%- endif %}
    {%- endfor %}
where false
    {%- endif %}
{%- endmacro %}


{#- A column of a landed table as the type it is wanted in; null where it does not fit. -#}
{% macro landed_value(table, wanted) %}
    {%- set column = adapter.quote(wanted.column) -%}
    {%- if wanted.column not in table.columns -%}
        {{ return('cast(null as ' ~ weft.sql_type(wanted.type) ~ ')') }}
    {%- elif wanted.type == 'decimal' -%}
        {{ return(weft.number(column, table.columns[wanted.column])) }}
    {%- endif -%}
    {{ return(weft.try_cast(column, wanted.type, table.columns[wanted.column])) }}
{% endmacro %}


{#- Whether a value was sent that is no number, or one out of range. -#}
{% macro is_unusable(table, wanted) %}
    {%- set column = adapter.quote(wanted.column) -%}
    {%- if wanted.column not in table.columns -%}
        {{ return('false') }}
    {%- endif -%}
    {{ return(
        column ~ ' is not null and ' ~ weft.number(column, table.columns[wanted.column]) ~ ' is null'
    ) }}
{% endmacro %}


{#- One row per identifier and day, with the measures of a group, from its rows. -#}
{% macro trait_day_cells(group, rows) %}
select
    identifier_id,
    day
    {%- for name, sql in group.measures.items() %},
    {{ sql }} as {{ adapter.quote(name) }}
    {%- endfor %}
    {%- for alias, wanted in group.columns.items() if wanted.type == 'decimal' %},
    count(*) filter (where {{ adapter.quote(alias ~ '__unusable') }})
        as {{ adapter.quote(alias ~ '__unusable') }}
    {%- endfor %}
from {{ rows }}
group by identifier_id, day
{%- endmacro %}


{#- One row per identifier, day, series and value, with how often it was sent, from a group's rows. -#}
{% macro trait_value_cells(group, rows) %}
    {%- for name, series in group.series.items() %}
    {%- if not loop.first %}
union all
    {%- endif %}
select
    identifier_id,
    day,
    {{ weft.literal(name) }} as series,
    cast({{ series.value }} as {{ weft.sql_type('text') }}) as value,
    count(*) as count
from {{ rows }}
where {{ series.value }} is not null{{ ' and ' ~ series.condition if series.condition }}
group by identifier_id, day, {{ series.value }}
    {%- endfor %}
{%- endmacro %}
