{#-
    Ids are given once and never taken back. Every build compares the pieces of trees that changed
    with what the register says of their identifiers, and appends what is different; a build that
    changes nothing appends nothing.
-#}
{{ config(
    materialized='kept',
    mode='append',
    endure=true,
    key=['position'],
    models=['identity_trees'],
    full_refresh=false,
) }}
{%- set plan = weft.identity_plan(models=['identity_trees']) %}
{%- set has_register = execute and load_relation(this) is not none %}

with

trees as (

    {{ weft.trees_to_register(plan, this) | indent(4) }}

),

identifiers as (

    select
        identifiers.identifier_id,
        identifiers.identifier_type,
        identifiers.identifier_value,
        trees.piece_id,
        identifiers.identifier_type = {{ weft.literal(weft.unique_identifier_type()) }}
            as is_unique_type,
        row_number() over (
            order by
                identifiers.first_seen_at nulls last,
                identifiers.priority,
                identifiers.identifier_value
        ) as age_rank
    from {{ ref('identifiers') }} as identifiers
    inner join trees on trees.identifier_id = identifiers.identifier_id

),

register as (

    {%- if not has_register %}
    select
        cast(null as {{ weft.sql_type('integer') }}) as position,
        cast(null as {{ weft.sql_type('key') }}) as identifier_id,
        cast(null as {{ weft.sql_type('text') }}) as profile_id,
        cast(null as {{ weft.sql_type('text') }}) as previous_profile_id,
        cast(null as {{ weft.sql_type('boolean') }}) as is_seed
    where false
    {%- elif plan.is_full %}
    select position, identifier_id, profile_id, previous_profile_id, is_seed from {{ this }}
    {%- else %}
    select position, identifier_id, profile_id, previous_profile_id, is_seed
    from {{ this }}
    where profile_id in (
        select profile_id from {{ this }}
        where identifier_id in (select identifier_id from identifiers)
    )
    {%- endif %}

),

minted as (

    select
        profile_id,
        identifier_id as seed_identifier_id,
        position as minted_position
    from register
    where is_seed

),

latest as (

    select
        *,
        row_number() over (partition by identifier_id order by position desc) as recency
    from register

),

present as (

    select identifier_id, profile_id from latest where recency = 1

),

-- Which piece may keep a profile id that its identifiers bear now: the one with
-- the value of the unique type that bore it, else the one with its seed.
claims as (

    select
        identifiers.piece_id,
        present.profile_id,
        max(case when identifiers.is_unique_type then 1 else 0 end) as has_unique,
        max(
            case when identifiers.identifier_id = minted.seed_identifier_id then 1 else 0 end
        ) as has_seed,
        min(identifiers.age_rank) as age_rank
    from identifiers
    inner join present on present.identifier_id = identifiers.identifier_id
    inner join minted on minted.profile_id = present.profile_id
    group by identifiers.piece_id, present.profile_id

),

ranked_claims as (

    select
        *,
        row_number() over (
            partition by profile_id
            order by has_unique desc, has_seed desc, age_rank
        ) as claim_rank
    from claims

),

kept as (

    select piece_id, profile_id from ranked_claims where claim_rank = 1

),

-- Where several ids meet in one piece, the one minted first survives.
ranked_kept as (

    select
        kept.piece_id,
        kept.profile_id,
        row_number() over (
            partition by kept.piece_id order by minted.minted_position
        ) as survival_rank
    from kept
    inner join minted on minted.profile_id = kept.profile_id

),

survivors as (

    select piece_id, profile_id from ranked_kept where survival_rank = 1

),

-- A piece that kept none takes up an id that one of its identifiers bore once and
-- that no piece claims now.
former as (

    select
        identifiers.piece_id,
        register.profile_id,
        max(
            case when identifiers.identifier_id = minted.seed_identifier_id then 1 else 0 end
        ) as has_seed,
        min(identifiers.age_rank) as age_rank,
        min(minted.minted_position) as minted_position
    from identifiers
    inner join register on register.identifier_id = identifiers.identifier_id
    inner join minted on minted.profile_id = register.profile_id
    left join survivors on survivors.piece_id = identifiers.piece_id
    left join kept on kept.profile_id = register.profile_id
    where survivors.piece_id is null and kept.profile_id is null
    group by identifiers.piece_id, register.profile_id

),

ranked_former as (

    select
        *,
        row_number() over (
            partition by profile_id order by has_seed desc, age_rank
        ) as claim_rank
    from former

),

ranked_taken_up as (

    select
        piece_id,
        profile_id,
        row_number() over (partition by piece_id order by minted_position) as survival_rank
    from ranked_former
    where claim_rank = 1

),

given as (

    select piece_id, profile_id from survivors
    union all
    select piece_id, profile_id from ranked_taken_up where survival_rank = 1

),

-- All others are new. Their seed is their earliest identifier; one that was a
-- seed before, whose id went another way, mints the next of its line.
ranked_seeds as (

    select
        identifiers.*,
        row_number() over (
            partition by identifiers.piece_id order by identifiers.age_rank
        ) as seed_rank
    from identifiers
    left join given on given.piece_id = identifiers.piece_id
    where given.piece_id is null

),

earlier_ids as (

    select seed_identifier_id, count(*) as count_ids
    from minted
    group by seed_identifier_id

),

new_ids as (

    select
        seeds.piece_id,
        seeds.identifier_id as seed_identifier_id,
        md5(
            {{ weft.literal(weft.identity_rules().salt) }}
            || ':' || seeds.identifier_type || ':' || seeds.identifier_value
            || case
                when earlier_ids.count_ids is null then ''
                else ':' || cast(earlier_ids.count_ids as {{ weft.sql_type('text') }})
            end
        ) as profile_id
    from ranked_seeds as seeds
    left join earlier_ids on earlier_ids.seed_identifier_id = seeds.identifier_id
    where seeds.seed_rank = 1

),

assigned as (

    select
        identifiers.identifier_id,
        identifiers.age_rank,
        coalesce(given.profile_id, new_ids.profile_id) as profile_id,
        present.profile_id as previous_profile_id,
        coalesce(new_ids.seed_identifier_id = identifiers.identifier_id, false) as is_seed
    from identifiers
    left join given on given.piece_id = identifiers.piece_id
    left join new_ids on new_ids.piece_id = identifiers.piece_id
    left join present on present.identifier_id = identifiers.identifier_id

)

select
    {{ '(select coalesce(max(position), 0) from ' ~ this ~ ')' if has_register else 0 }}
    + row_number() over (order by age_rank) as position,
    identifier_id,
    profile_id,
    previous_profile_id,
    is_seed,
    {{ weft.literal(weft.run_id()) }} as run_id,
    {{ weft.as_of() }} as as_of
from assigned
where previous_profile_id is null or previous_profile_id <> profile_id or is_seed
