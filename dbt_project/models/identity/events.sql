with

staged as (

    select * from {{ ref('stg_events') }}

),

-- An event belongs to its identifier of highest priority.
ranked as (

    select
        source,
        event_id,
        identifier_id,
        row_number() over (
            partition by source, event_id
            order by priority, identifier_value
        ) as place
    from {{ ref('event_identifiers') }}

)

select
    staged.source,
    staged.event_id,
    staged.call_type,
    staged.event_name,
    staged.occurred_at,
    staged.received_at,
    ranked.identifier_id,
    staged.load_id
from staged
left join ranked
    on
        ranked.source = staged.source
        and ranked.event_id = staged.event_id
        and ranked.place = 1
