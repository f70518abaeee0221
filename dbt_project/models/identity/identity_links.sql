with

event_identifiers as (

    select * from {{ ref('event_identifiers') }}

),

ranked as (

    select
        *,
        row_number() over (
            partition by source, event_id
            order by priority, identifier_value
        ) as place
    from event_identifiers

),

-- An event's identifiers form a star from the first: links grow with its
-- identifiers, not with their square.
stars as (

    select
        centres.identifier_id as first_identifier_id,
        leaves.identifier_id as second_identifier_id,
        leaves.seen_at,
        leaves.event_hash,
        leaves.priority,
        leaves.identifier_value,
        leaves.source,
        leaves.event_id
    from ranked as centres
    inner join ranked as leaves
        on
            leaves.source = centres.source
            and leaves.event_id = centres.event_id
            and leaves.place > 1
    where centres.place = 1

),

appearances as (

    select
        *,
        row_number() over (
            partition by first_identifier_id, second_identifier_id
            order by seen_at, event_hash
        ) as appearance
    from stars

)

select
    first_identifier_id,
    second_identifier_id,
    seen_at as linked_at,
    source,
    event_id,
    -- The order in which links count; no two links have the same place in it.
    row_number() over (
        order by
            seen_at,
            event_hash,
            priority,
            identifier_value,
            first_identifier_id,
            second_identifier_id
    ) as position
from appearances
where appearance = 1
