with

register as (

    select * from {{ ref('profile_id_register') }}

),

living as (

    select distinct profile_id from {{ ref('profile_identifiers') }}

),

-- An id that is borne no more lives on where its seed is now.
retired as (

    select
        seeds.profile_id,
        seeds.identifier_id as seed_identifier_id,
        now_at.profile_id as merged_into
    from register as seeds
    inner join {{ ref('profile_identifiers') }} as now_at
        on now_at.identifier_id = seeds.identifier_id
    left join living on living.profile_id = seeds.profile_id
    where seeds.is_seed and living.profile_id is null

),

moves as (

    select
        *,
        row_number() over (
            partition by identifier_id, previous_profile_id order by position desc
        ) as recency
    from register

)

select
    retired.profile_id,
    retired.merged_into,
    moves.run_id,
    moves.as_of
from retired
inner join moves
    on
        moves.identifier_id = retired.seed_identifier_id
        and moves.previous_profile_id = retired.profile_id
        and moves.recency = 1
