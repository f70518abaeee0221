{{ config(
    materialized='profile_rows',
    key='session_id',
    calls=['track', 'page', 'screen'],
) }}
-- depends_on: {{ ref('profile_id_register') }}

with

events as (

    select
        profile_identifiers.profile_id,
        events.source,
        events.event_id,
        events.call_type,
        events.occurred_at,
        lag(events.occurred_at) over (
            partition by profile_identifiers.profile_id
            order by events.occurred_at, events.source, events.event_id
        ) as previous_at
    from {{ ref('events') }} as events
    inner join {{ ref('profile_identifiers') }} as profile_identifiers
        on profile_identifiers.identifier_id = events.identifier_id
    where
        events.call_type in ('track', 'page', 'screen')
        and {{ weft.is_touched() }}

),

numbered as (

    select
        *,
        sum(
            case
                when occurred_at <= previous_at + interval '{{ weft.session_minutes() }} minute' then 0
                else 1
            end
        ) over (
            partition by profile_id
            order by occurred_at, source, event_id
            rows unbounded preceding
        ) as session_number
    from events

)

select
    md5({{ weft.value_of_extreme('min', ['occurred_at'], "source || ':' || event_id") }}) as session_id,
    profile_id,
    cast(session_number as {{ weft.sql_type('integer') }}) as session_number,
    min(occurred_at) as started_at,
    max(occurred_at) as ended_at,
    count(*) as count_events,
    count(*) filter (where call_type = 'page') as count_pages,
    count(*) filter (where call_type = 'screen') as count_screens
from numbered
group by profile_id, session_number
