{{ config(
    materialized='kept',
    key=['identifier_id'],
    adds_up=true,
    landed=true,
    models=['model_identifiers'],
) }}
{%- set plan = weft.identity_plan(landed=true, models=['model_identifiers']) -%}

with

arrived as (

    select
        identifier_id,
        max(seen_at) as last_seen_at,
        count(*) as count_events
    from (
        {{ weft.arriving_identifiers(plan) | indent(8) }}
    ) as event_identifiers
    group by identifier_id

)

{%- if plan.is_full %}

select * from arrived
{%- else %}

select
    arrived.identifier_id,
    greatest(arrived.last_seen_at, known.last_seen_at) as last_seen_at,
    arrived.count_events + coalesce(known.count_events, 0) as count_events
from arrived
left join {{ this }} as known on known.identifier_id = arrived.identifier_id
{%- endif %}
