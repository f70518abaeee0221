{{ config(materialized='view') }}

with

moves as (

    select
        *,
        row_number() over (
            partition by identifier_id, previous_profile_id order by position desc
        ) as recency
    from {{ ref('profile_id_register') }}
    where previous_profile_id is not null

),

-- Only an id that an identifier has left can be borne by none.
left_ids as (

    select distinct previous_profile_id as profile_id from moves

),

living as (

    select distinct profile_id
    from {{ ref('profile_identifiers') }}
    where profile_id in (select profile_id from left_ids)

),

-- An id that is borne no more lives on where its seed is now.
retired as (

    select
        seeds.profile_id,
        seeds.identifier_id as seed_identifier_id,
        now_at.profile_id as merged_into
    from {{ ref('profile_id_register') }} as seeds
    inner join left_ids on left_ids.profile_id = seeds.profile_id
    inner join {{ ref('profile_identifiers') }} as now_at
        on now_at.identifier_id = seeds.identifier_id
    left join living on living.profile_id = seeds.profile_id
    where seeds.is_seed and living.profile_id is null

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
