{{ config(materialized='kept', mode='append', key=['source', 'event_id'], landed=true) }}
{%- set plan = weft.identity_plan(landed=true) %}

with

staged as (

    select * from {{ ref('stg_events') }}
    where {{ weft.is_arriving_event(plan) }}

),

-- An event belongs to its identifier of highest priority.
firsts as (

    {{ weft.first_identifiers(weft.identity_rules(), plan) | indent(4) }}

)

select
    staged.source,
    staged.event_id,
    staged.call_type,
    staged.event_name,
    staged.occurred_at,
    staged.received_at,
    firsts.identifier_id,
    staged.load_id
from staged
left join firsts on firsts.source = staged.source and firsts.event_id = staged.event_id
