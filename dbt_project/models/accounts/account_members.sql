{{ config(materialized='table') }}

with

group_calls as (

    {{ weft.landed('groups', {'id': 'text', 'group_id': 'text'}) }}

)

-- A group says that somebody belongs to an account, and nothing about who is
-- who: it is read after profiles are made, and is no identifier.
select
    group_calls.group_id,
    events.profile_id,
    min(least(events.occurred_at, events.received_at)) as first_seen_at,
    max(least(events.occurred_at, events.received_at)) as last_seen_at,
    count(*) as count_events
from group_calls
inner join {{ ref('profile_events') }} as events
    on events.source = group_calls.source and events.event_id = group_calls.id
where trim(group_calls.group_id) <> ''
group by group_calls.group_id, events.profile_id
