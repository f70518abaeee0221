{{ config(
    materialized='kept',
    key=['first_identifier_id', 'second_identifier_id'],
    replace_when='arriving.linked_at < stored.linked_at'
        ' or (stored.linked_at is null and arriving.linked_at is not null)'
        ' or (arriving.linked_at is not distinct from stored.linked_at'
        ' and arriving.event_hash < stored.event_hash)',
    landed=true,
    models=['model_identifiers'],
) }}
{%- set plan = weft.identity_plan(landed=true, models=['model_identifiers']) -%}

with

-- An event's identifiers form a star from the first: links grow with its
-- identifiers, not with their square.
stars as (

    select
        first_identifier_id,
        identifier_id as second_identifier_id,
        seen_at as linked_at,
        {{ weft.event_hash('source', 'event_id') }} as event_hash,
        place,
        source,
        event_id
    from (
        {{ weft.arriving_identifiers(plan, only_others=true) | indent(8) }}
    ) as event_identifiers

),

appearances as (

    select
        *,
        row_number() over (
            partition by first_identifier_id, second_identifier_id
            order by linked_at nulls last, event_hash
        ) as appearance
    from stars

)

-- A pair is linked by the earliest event that carried both.
select
    first_identifier_id,
    second_identifier_id,
    linked_at,
    event_hash,
    place,
    source,
    event_id
from appearances
where appearance = 1
