with

event_identifiers as (

    select * from {{ ref('event_identifiers') }}

),

ranked as (

    select
        *,
        row_number() over (
            partition by identifier_id
            order by seen_at, event_hash
        ) as appearance
    from event_identifiers

)

select
    identifier_id,
    identifier_type,
    identifier_value,
    priority,
    seen_at as first_seen_at,
    event_hash as first_event_hash
from ranked
where appearance = 1
