{{ config(materialized='view') }}

with

memberships as (

    select * from {{ ref('audience_memberships') }}

),

changes as (

    select audience, profile_id, account_id, change, reason, run_id, as_of, changed_at
    from memberships
    where merged_into is null

),

-- A member that was merged into another is no more; whoever it was merged into answers for it.
heirs as (

    select distinct audience, merged_into as profile_id, run_id, as_of, changed_at
    from memberships
    where merged_into is not null

),

-- An heir that is a member has not left, and one that changed by itself has said so.
silent_heirs as (

    select
        heirs.audience,
        heirs.profile_id,
        cast(null as {{ weft.sql_type('text') }}) as account_id,
        'exited' as change,
        'merged' as reason,
        heirs.run_id,
        heirs.as_of,
        heirs.changed_at
    from heirs
    left join memberships as own
        on
            own.audience = heirs.audience
            and own.profile_id = heirs.profile_id
            and own.changed_at <= heirs.changed_at
    group by heirs.audience, heirs.profile_id, heirs.run_id, heirs.as_of, heirs.changed_at
    having
        coalesce(sum(case own.change when 'entered' then 1 when 'exited' then -1 end), 0) = 0
        and count(case when own.changed_at = heirs.changed_at then 1 end) = 0

),

events as (

    select * from changes
    union all
    select * from silent_heirs

)

select
    md5(
        audience || ':' || coalesce(profile_id, '') || ':' || coalesce(account_id, '') || ':'
        || change || ':' || run_id || ':' || cast(changed_at as {{ weft.sql_type('text') }})
    ) as event_id,
    audience,
    profile_id,
    account_id,
    change,
    reason,
    run_id,
    as_of,
    changed_at
from events
