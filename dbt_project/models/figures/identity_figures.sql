{#-
    The figures of every build. Each compares the profiles that are there with those of the build
    before it, by what the register has written since.
-#}
{{ config(
    materialized='incremental',
    incremental_strategy=weft.replacing_strategy(),
    unique_key='run_id',
    pre_hook="{{ weft.make_room_for_run(this) }}",
    full_refresh=false,
    on_schema_change='append_new_columns',
) }}

with

present as (

    select * from {{ ref('profile_identifiers') }}

),

{%- if is_incremental() %}

-- A scheduler that tries a run again gives it the same id: it is one run.
earlier as (

    select
        position,
        profiles,
        register_position,
        row_number() over (order by position desc) as recency
    from {{ this }}
    where run_id <> {{ weft.literal(weft.run_id()) }}

),

before as (

    select
        coalesce(max(position), 0) as position,
        coalesce(max(profiles), 0) as profiles,
        coalesce(max(register_position), 0) as register_position
    from earlier
    where recency = 1

),

written as (

    select
        register.identifier_id,
        register.profile_id,
        register.previous_profile_id,
        register.is_seed,
        row_number() over (
            partition by register.identifier_id order by register.position
        ) as place
    from {{ ref('profile_id_register') }} as register
    where register.position > (select register_position from before)

),

-- What each identifier that was moved bore before; null for a new one.
moved as (

    select identifier_id, previous_profile_id from written where place = 1

),

touched as (

    select present.profile_id
    from present
    inner join moved on moved.identifier_id = present.identifier_id

    union

    select previous_profile_id as profile_id
    from moved
    where previous_profile_id is not null

),

-- Which profiles of before each profile of now has identifiers of.
lineage as (

    select distinct
        present.profile_id,
        case
            when moved.identifier_id is null then present.profile_id
            else moved.previous_profile_id
        end as profile_id_before
    from present
    inner join touched on touched.profile_id = present.profile_id
    left join moved on moved.identifier_id = present.identifier_id

),

-- An id all of whose identifiers went elsewhere while others came was there as well.
newcomers as (

    select lineage.profile_id
    from lineage
    left join moved on moved.previous_profile_id = lineage.profile_id
    where moved.previous_profile_id is null
    group by lineage.profile_id
    having coalesce(max(
        case when lineage.profile_id_before = lineage.profile_id then 1 else 0 end
    ), 0) = 0

),

minted as (

    select count(distinct written.profile_id) as profiles
    from written
    inner join newcomers on newcomers.profile_id = written.profile_id
    where written.is_seed

),

parted as (

    select profile_id_before
    from lineage
    where profile_id_before is not null
    group by profile_id_before
    having count(*) > 1

),

changes as (

    select
        before.*,
        (select count(*) from newcomers) as newcomers,
        (select profiles from minted) as minted,
        (select count(*) from parted) as split
    from before

),
{%- else %}

changes as (

    select
        0 as position,
        0 as profiles,
        count(distinct profile_id) as newcomers,
        count(distinct profile_id) as minted,
        0 as split
    from present

),
{%- endif %}

by_profile as (

    select
        profile_id,
        count(*) as identifiers,
        count(case when identifier_type = 'anonymous_id' then 1 end) as anonymous_identifiers
    from present
    group by profile_id

),

sizes as (

    select
        count(*) as profiles,
        count(case when identifiers > anonymous_identifiers then 1 end) as known_profiles,
        coalesce(sum(identifiers), 0) as identifiers,
        coalesce(max(identifiers), 0) as largest_profile,
        coalesce(sum(anonymous_identifiers), 0) as anonymous_identifiers,
        coalesce(sum(
            case when identifiers > anonymous_identifiers then anonymous_identifiers end
        ), 0) as matched_identifiers
    from by_profile

),

refused as (

    select
        count(case when reason = 'unique' then 1 end) as refused_unique,
        count(case when reason = 'limit' then 1 end) as refused_limit,
        count(case when reason = 'never_link' then 1 end) as refused_never_link
    from {{ ref('refused_links') }}

),

watched as (

    select coalesce(max(count_alike), 0) as profiles
    from {{ ref('profiles_to_watch') }}
    where reason = 'near_limit'

)

select
    cast(changes.position + 1 as {{ weft.sql_type('integer') }}) as position,
    {{ weft.literal(weft.run_id()) }} as run_id,
    {{ weft.as_of() }} as as_of,
    sizes.profiles,
    sizes.known_profiles,
    cast(sizes.identifiers as {{ weft.sql_type('integer') }}) as identifiers,
    cast(changes.profiles as {{ weft.sql_type('integer') }}) as profiles_before,
    sizes.profiles - changes.newcomers as survived,
    changes.minted,
    changes.newcomers - changes.minted as taken_up,
    cast(
        greatest(changes.profiles - (sizes.profiles - changes.newcomers), 0)
        as {{ weft.sql_type('integer') }}
    ) as retired,
    cast(changes.split as {{ weft.sql_type('integer') }}) as split,
    sizes.largest_profile,
    watched.profiles as near_limit,
    cast(sizes.anonymous_identifiers as {{ weft.sql_type('integer') }}) as anonymous_identifiers,
    cast(sizes.matched_identifiers as {{ weft.sql_type('integer') }}) as matched_identifiers,
    refused.refused_unique,
    refused.refused_limit,
    refused.refused_never_link,
    (
        select coalesce(max(position), 0) from {{ ref('profile_id_register') }}
    ) as register_position
from changes
cross join sizes
cross join refused
cross join watched
