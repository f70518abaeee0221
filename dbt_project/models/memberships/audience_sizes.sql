{{ config(materialized='view') }}

with

changes as (

    select audience, as_of, change, 'member' as part from {{ ref('audience_memberships') }}
    union all
    select audience, as_of, change, 'holdout' as part from {{ ref('audience_holdouts') }}

),

per_day as (

    select
        audience,
        as_of,
        count(case when part = 'member' and change = 'entered' then 1 end) as entered,
        count(case when part = 'member' and change = 'exited' then 1 end) as exited,
        count(case when part = 'holdout' and change = 'entered' then 1 end)
        - count(case when part = 'holdout' and change = 'exited' then 1 end) as newly_held_out
    from changes
    group by audience, as_of

)

select
    audience,
    as_of,
    entered,
    exited,
    cast(
        sum(entered - exited) over (partition by audience order by as_of)
        as {{ weft.sql_type('integer') }}
    ) as size,
    cast(
        sum(newly_held_out) over (partition by audience order by as_of)
        as {{ weft.sql_type('integer') }}
    ) as held_out
from per_day
