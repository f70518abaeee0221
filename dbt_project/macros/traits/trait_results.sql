{#-
    The traits of a model as a query with one row per profile, or per account.

    groups    of trait_groups(); the traits keep the order of their definitions
    stored    {label: {days, values}}: tables that hold a group's cells; a group that is not there
              is computed from its calls
    touched   a table of the profile_ids to compute; all without

    Somebody without such calls has count 0, exists false, and null for all others.
-#}
{% macro trait_results(groups, stored={}, touched=none) %}
    {%- set owner = weft.trait_owner() -%}
with

nodes as (

    {%- if owner == 'profile_id' %}
    select
        identifier_id,
        profile_id
    from {{ ref('weft', 'profile_identifiers') }}
    {%- if touched %}
    where profile_id in (select profile_id from {{ touched }})
    {%- endif %}
    {%- else %}
    -- Whoever belongs to two accounts counts for both.
    select
        profile_identifiers.identifier_id,
        members.group_id
    from {{ ref('weft', 'profile_identifiers') }} as profile_identifiers
    inner join {{ ref('weft', 'account_members') }} as members
        on members.profile_id = profile_identifiers.profile_id
    {%- endif %}

),

owners as (

    select distinct {{ owner }} from nodes

)
    {%- set parts = [] %}
    {%- for group in groups %}
    {%- set cells = stored.get(group.label) or weft.computed_cells(group) %}
    {{- cells.get('sql', '') }}
    {{- weft.group_results(group, cells, parts) }}
    {%- endfor %}

select
    owners.{{ owner }}
    {%- set traits = groups | map(attribute='traits') | sum(start=[]) | sort(attribute='position') %}
    {%- for trait in traits %},
    {%- set none_happened = {'count': '0', 'unique_count': '0', 'exists': 'false'} %}
    {%- set part = weft.short_name(trait.label ~ '_' ~ trait.made_of.get('series', 'traits')) %}
    {%- set value = adapter.quote(part) ~ '.' ~ adapter.quote(trait.name) %}
    {%- if trait.aggregate in none_happened %}
    {%- set value = 'coalesce(' ~ value ~ ', ' ~ none_happened[trait.aggregate] ~ ')' %}
    {%- endif %}
    cast({{ value }} as {{ weft.list_type(trait.output) if trait.is_list else trait.output }})
        as {{ adapter.quote(trait.name) }}
    {%- endfor %}
from owners
    {%- for part in parts %}
left join {{ adapter.quote(part) }} on {{ adapter.quote(part) }}.{{ owner }} = owners.{{ owner }}
    {%- endfor %}
{%- endmacro %}


{#- The cells of a group as parts of a query: {days, values, sql}. -#}
{% macro computed_cells(group) %}
    {%- set rows = adapter.quote(weft.short_name(group.label ~ '_calls')) -%}
    {%- set days = adapter.quote(weft.short_name(group.label ~ '_days')) -%}
    {%- set values = adapter.quote(weft.short_name(group.label ~ '_values')) -%}
    {%- set condition = weft.in_hours(group.hours) if group.hours else none -%}
    {%- set sql -%}
,

{{ rows }} as (
    {{- weft.trait_rows(group, condition) | indent(4) }}

)
    {%- if group.measures %},

{{ days }} as (
    {{- weft.trait_day_cells(group, rows) | indent(4) }}

)
    {%- endif %}
    {%- if group.series %},

{{ values }} as (
    {{- weft.trait_value_cells(group, rows) | indent(4) }}

)
    {%- endif %}
    {%- endset -%}
    {{ return({'days': days, 'values': values, 'sql': '\n' ~ sql.lstrip()}) }}
{% endmacro %}


{#-
    The results of a group as parts of a query, whose names are appended to `parts`: one of all its
    measures, and one per series.
-#}
{% macro group_results(group, cells, parts) %}
    {%- set measured = group.traits | rejectattr('made_of.series') | list %}
    {%- if measured %}
    {%- do parts.append(weft.short_name(group.label ~ '_traits')) %},

{{ adapter.quote(parts[-1]) }} as (

    select
        nodes.{{ weft.trait_owner() }}
        {%- for trait in measured %},
        {{ weft.trait_result(trait) }} as {{ adapter.quote(trait.name) }}
        {%- endfor %}
    from {{ cells.days }} as cells
    inner join nodes on nodes.identifier_id = cells.identifier_id
    where {{ weft.days_that_count(measured) }}
    group by nodes.{{ weft.trait_owner() }}

)
    {%- endif %}
    {%- for series in group.series %}
    {%- set traits = group.traits | selectattr('made_of.series', 'equalto', series) | list %}
    {%- do parts.append(weft.short_name(group.label ~ '_' ~ series)) %},

{{ adapter.quote(parts[-1]) }} as (
    {{- weft.series_results(series, traits, cells['values']) | indent(4) }}

)
    {%- endfor %}
{%- endmacro %}


{#- One trait from the day cells of a profile's identifiers. -#}
{% macro trait_result(trait) %}
    {%- set in_window = weft.in_days(trait.days) if trait.days else '' -%}
    {%- set filter = ' filter (where ' ~ in_window ~ ')' if in_window else '' -%}
    {%- set of, aggregate = trait.made_of, trait.aggregate -%}
    {%- if aggregate == 'count' -%}
        {{ return('sum(' ~ of.count ~ ')' ~ filter) }}
    {%- elif aggregate == 'exists' -%}
        {{ return('sum(' ~ of.count ~ ')' ~ filter ~ ' > 0') }}
    {%- elif aggregate == 'days_since' -%}
        {%- set happened = of.count ~ ' > 0' ~ (' and ' ~ in_window if in_window else '') -%}
        {{ return(weft.days_between('max(day) filter (where ' ~ happened ~ ')', weft.as_of())) }}
    {%- elif aggregate == 'average' -%}
        {{ return(weft.quotient('sum(' ~ of.sum ~ ')' ~ filter, 'sum(' ~ of.count ~ ')' ~ filter)) }}
    {%- elif aggregate in ('sum', 'min', 'max') -%}
        {{ return(weft.extreme(aggregate, of[aggregate], trait.type) ~ filter) }}
    {%- endif -%}
    {%- set function = 'min' if aggregate == 'first' else 'max' -%}
    {{ return(weft.value_of_placed_measures(aggregate, function, of, in_window)) }}
{% endmacro %}


{#- The traits of one series of values as a query with one row per profile, or per account. -#}
{% macro series_results(series, traits, values) %}
    {%- set owner = weft.trait_owner() -%}
    {%- set windows = traits | map(attribute='days') | unique | list %}
select
    {{ owner }}
    {%- for trait in traits %}
    {%- set count = 'count_in_' ~ trait.days ~ '_days' if trait.days else 'count_ever' %}
    {%- set value = 'cast(value as ' ~ weft.sql_type(trait.type) ~ ')' %},
    {%- if trait.aggregate == 'unique_count' %}
    count(*) filter (where {{ count }} > 0)
    {%- elif trait.aggregate == 'unique_list' %}
    {{ weft.list_of(value, count ~ ' > 0') }}
    {%- else %}
    {#- What happened once is no habit; of equally frequent values the first counts. #}
    {{ weft.value_of_extreme('min', ['-' ~ count], value, count ~ ' >= 2') }}
    {%- endif %} as {{ adapter.quote(trait.name) }}
    {%- endfor %}
from (
    select
        nodes.{{ owner }},
        cells.value
        {%- for days in windows %},
        {%- if days %}
        coalesce(sum(cells.count) filter (where {{ weft.in_days(days) }}), 0) as count_in_{{ days }}_days
        {%- else %}
        sum(cells.count) as count_ever
        {%- endif %}
        {%- endfor %}
    from {{ values }} as cells
    inner join nodes on nodes.identifier_id = cells.identifier_id
    where
        cells.series = {{ weft.literal(series) }}
        and {{ weft.days_that_count(traits) }}
    group by nodes.{{ owner }}, cells.value
) as counted
group by {{ owner }}
{%- endmacro %}


{#- Which day cells any of some traits can see: up to the as-of day, from their longest window on. -#}
{% macro days_that_count(traits) %}
    {%- set windows = traits | map(attribute='days') | list -%}
    {%- set seen = 'cells.day <= ' ~ weft.as_of() -%}
    {{ return(seen if none in windows else seen ~ ' and ' ~ weft.in_days(windows | max)) }}
{% endmacro %}


{#- Whether a day cell is within a window: the as-of day and the days before it. -#}
{% macro in_days(days) %}
    {{ return('cells.day > ' ~ weft.days_before_as_of(days)) }}
{% endmacro %}


{#- Whether a call is within a window of hours: the last ones of the as-of day. -#}
{% macro in_hours(hours, as_of=none) %}
    {%- set end = weft.end_of_day(as_of or weft.as_of()) -%}
    {{ return(
        'events.occurred_at >= ' ~ end ~ " - interval '" ~ hours ~ " hour'"
        ~ ' and events.occurred_at < ' ~ end
    ) }}
{% endmacro %}
