select
    identifier_id,
    max(seen_at) as last_seen_at,
    count(*) as count_events
from {{ ref('event_identifiers') }}
group by identifier_id
