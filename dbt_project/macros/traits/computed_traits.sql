{#-
    Computed traits, as a query with one row per profile: what `config: meta: traits:` of the model
    defines, with one grouped pass over each event it names.

        orders_last_60_days:
          event: Order Completed     # the name of a track call
          aggregate: count           # count, exists, sum, average, min, max, first, last or
                                     # unique_count
          property: revenue          # what is aggregated, for all but count and exists;
                                     # `timestamp` is when the event happened
          type: decimal              # of the property: decimal (default), text, timestamp,
                                     # boolean, integer
          where: {currency: EUR}     # only events with this property value, or one of a list
          window: 60 days            # the as-of day and the 59 before

    A profile without such an event has count 0, exists false, and null for all others.

    profiles, events   the relations of profile identifiers and of profile events
-#}
{% macro computed_traits(profiles, events) %}
    {%- set definitions = weft.trait_definitions() -%}
    {%- set event_names = definitions | map(attribute='event') | unique | list -%}
with

people as (

    select distinct profile_id from {{ profiles }}

)
{%- for event in event_names %}
{%- set traits = definitions | selectattr('event', 'equalto', event) | list -%}
,

{{ adapter.quote(weft.event_table(event)) }} as (

    select
        events.profile_id
        {%- for trait in traits %},
        {{ weft.trait_aggregate(trait) }} as {{ adapter.quote(trait.name) }}
        {%- endfor %}
    from (
        {{ weft.landed(weft.event_table(event), weft.trait_properties(traits)) | indent(4) }}
    ) as landed
    inner join {{ events }} as events
        on events.source = landed.source and events.event_id = landed.id
    where {{ weft.local_date('events.occurred_at') }} <= {{ weft.as_of() }}
    group by events.profile_id

)
{%- endfor %}

select
    {%- for trait in definitions %}
    {%- set value = adapter.quote(weft.event_table(trait.event)) ~ '.' ~ adapter.quote(trait.name) %}
    {%- set none_happened = {'count': '0', 'unique_count': '0', 'exists': 'false'} %}
    {%- if trait.aggregate in none_happened %}
    coalesce({{ value }}, {{ none_happened[trait.aggregate] }}) as {{ adapter.quote(trait.name) }},
    {%- else %}
    {{ value }},
    {%- endif %}
    {%- endfor %}
    people.profile_id
from people
{%- for event in event_names %}
{%- set table = adapter.quote(weft.event_table(event)) %}
left join {{ table }} on {{ table }}.profile_id = people.profile_id
{%- endfor %}
{% endmacro %}


{#- One trait as an aggregate over the events of a profile. -#}
{% macro trait_aggregate(trait) %}
    {%- set filter = ' filter (where ' ~ weft.trait_condition(trait) ~ ')' -%}
    {%- set value = weft.trait_value(trait) -%}
    {%- set decimal = weft.sql_type('decimal') -%}
    {%- if trait.aggregate == 'count' -%}
        {{ return('count(*)' ~ filter) }}
    {%- elif trait.aggregate == 'exists' -%}
        {{ return('count(*)' ~ filter ~ ' > 0') }}
    {%- elif trait.aggregate == 'sum' -%}
        {{ return('cast(sum(' ~ value ~ ')' ~ filter ~ ' as ' ~ decimal ~ ')') }}
    {%- elif trait.aggregate == 'average' -%}
        {{ return(
            'cast(sum(' ~ value ~ ')' ~ filter
            ~ ' / nullif(count(' ~ value ~ ')' ~ filter ~ ', 0) as ' ~ decimal ~ ')'
        ) }}
    {%- elif trait.aggregate in ('min', 'max') -%}
        {{ return(trait.aggregate ~ '(' ~ value ~ ')' ~ filter) }}
    {%- elif trait.aggregate == 'unique_count' -%}
        {{ return('count(distinct ' ~ value ~ ')' ~ filter) }}
    {%- endif -%}
    {%- set direction = 'desc' if trait.aggregate == 'last' else 'asc' -%}
    {{ return(weft.first_value_of(
        value,
        'events.occurred_at ' ~ direction ~ ', events.source, events.event_id',
        value ~ ' is not null and ' ~ weft.trait_condition(trait)
    )) }}
{% endmacro %}


{#- What a trait aggregates. -#}
{% macro trait_value(trait) %}
    {%- if trait.property == 'timestamp' -%}
        {{ return('events.occurred_at') }}
    {%- endif -%}
    {%- set column = 'landed.' ~ adapter.quote(weft.segment_name(trait.property or '')) -%}
    {{ return(weft.number(column) if trait.type == 'decimal' else column) }}
{% endmacro %}


{#- Which events count for a trait: its window and its conditions. -#}
{% macro trait_condition(trait) %}
    {%- set conditions = [] -%}
    {%- if trait.window_days is not none -%}
        {%- do conditions.append(
            weft.local_date('events.occurred_at') ~ ' > '
            ~ weft.days_before_as_of(trait.window_days)
        ) -%}
    {%- endif -%}
    {%- for property, wanted in trait.where.items() -%}
        {%- set values = [wanted] if wanted is string or wanted is not iterable else wanted -%}
        {%- set literals = [] -%}
        {%- for value in values -%}
            {%- do literals.append(weft.literal(value)) -%}
        {%- endfor -%}
        {%- set column = 'landed.' ~ adapter.quote(weft.segment_name(property)) -%}
        {%- do conditions.append(column ~ ' in (' ~ literals | join(', ') ~ ')') -%}
    {%- endfor -%}
    {{ return(conditions | join(' and ') if conditions else 'true') }}
{% endmacro %}


{#- The properties that traits of one event read, {column: type}. -#}
{% macro trait_properties(traits) %}
    {%- set columns = {'id': 'text'} -%}
    {%- for trait in traits -%}
        {%- if trait.property and trait.property != 'timestamp' -%}
            {%- do columns.update({weft.segment_name(trait.property): trait.type}) -%}
        {%- endif -%}
        {%- for property in trait.where -%}
            {%- do columns.setdefault(weft.segment_name(property), 'text') -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(columns) }}
{% endmacro %}
