{{ config(
    materialized='profile_rows',
    calls=['identify'],
    stable=weft.declared_custom_traits(),
) }}
-- depends_on: {{ ref('profile_id_register') }}

{%- set custom_traits = weft.custom_traits() %}
{%- set identify_columns = {'id': 'text', 'null_traits': 'text'} %}
{%- for name, rule in custom_traits.items() %}
{%- do identify_columns.update({name: rule.type}) %}
{%- endfor %}
{%- set special = [] %}
{%- for name, rule in custom_traits.items() if rule.keep != 'latest' or rule.sources %}
{%- do special.append(name) %}
{%- endfor %}

with

identifies as (

    {{ weft.landed('identifies', identify_columns) }}

),

known as (

    select
        profile_identifiers.profile_id,
        events.source,
        {%- for name in custom_traits %}
        identifies.{{ adapter.quote(name) }},
        {{ weft.json_array_contains('identifies.null_traits', name) }}
            as {{ adapter.quote(name ~ '__removed') }},
        {%- endfor %}
        row_number() over (
            partition by profile_identifiers.profile_id
            order by events.occurred_at, events.received_at, events.event_id desc, events.source
        ) as place
    from {{ ref('events') }} as events
    inner join {{ ref('profile_identifiers') }} as profile_identifiers
        on profile_identifiers.identifier_id = events.identifier_id
    inner join identifies
        on identifies.source = events.source and identifies.id = events.event_id
    where
        events.call_type = 'identify'
        and {{ weft.is_touched() }}

),

-- The latest value counts; one that was sent as null is removed.
latest as (

    select
        {%- for name in custom_traits if name not in special %}
        {%- set value = adapter.quote(name) %}
        {{ weft.value_of_extreme(
            'max', ['place'], value, value ~ ' is not null or ' ~ adapter.quote(name ~ '__removed')
        ) }} as {{ value }},
        {%- endfor %}
        profile_id
    from known
    group by profile_id

)
{%- for name in special %},

{{ adapter.quote(name ~ '__surviving') }} as (
    {{- weft.surviving_trait(name, custom_traits[name], 'known') | indent(4) }}

)
{%- endfor %}

select
    {%- for name in custom_traits %}
    {{ adapter.quote(name ~ '__surviving') if name in special else 'latest' }}.{{ adapter.quote(name) }},
    {%- endfor %}
    latest.profile_id
from latest
{%- for name in special %}
{%- set surviving = adapter.quote(name ~ '__surviving') %}
left join {{ surviving }} on {{ surviving }}.profile_id = latest.profile_id
{%- endfor %}
