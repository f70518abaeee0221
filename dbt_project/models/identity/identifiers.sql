{{ config(materialized='kept', key=['identifier_id'], landed=true, models=['model_identifiers']) }}
{%- set plan = weft.identity_plan(landed=true, models=['model_identifiers']) -%}

with

arrived as (

    {%- for rule in weft.identity_rules().identifiers %}
    select
        {{ weft.identifier_key(rule.type, 'identifier_value') }} as identifier_id,
        {{ weft.literal(rule.type) }} as identifier_type,
        identifier_value,
        cast({{ rule.priority }} as {{ weft.sql_type('integer') }}) as priority,
        min(seen_at) as first_seen_at
    from (
        {{ weft.arriving_identifiers(plan, only_type=rule.type) | indent(8) }}
    ) as event_identifiers
    group by identifier_value
    {%- if not loop.last %}

    union all
    {%- endif %}
    {%- endfor %}

)

{%- if plan.is_full %}

select * from arrived
{%- else %}

select
    arrived.identifier_id,
    arrived.identifier_type,
    arrived.identifier_value,
    arrived.priority,
    least(arrived.first_seen_at, known.first_seen_at) as first_seen_at
from arrived
left join {{ this }} as known on known.identifier_id = arrived.identifier_id
{%- endif %}
