{{ config(
    materialized='kept',
    key=['first_identifier_id', 'second_identifier_id'],
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

{%- if not plan.is_full %}

known as (

    select
        links.first_identifier_id,
        links.second_identifier_id,
        links.linked_at,
        links.event_hash,
        links.place,
        links.source,
        links.event_id
    from {{ this }} as links
    inner join (
        select distinct first_identifier_id, second_identifier_id from stars
    ) as pairs
        on
            pairs.first_identifier_id = links.first_identifier_id
            and pairs.second_identifier_id = links.second_identifier_id

),
{%- endif %}

appearances as (

    select
        *,
        row_number() over (
            partition by first_identifier_id, second_identifier_id
            order by linked_at nulls last, event_hash
        ) as appearance
    from (
        select * from stars
        {%- if not plan.is_full %}
        union all
        select * from known
        {%- endif %}
    ) as candidates

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
