{{ config(materialized='table') }}

{#- As many as a person looks through. -#}
{%- set most = 100 -%}
{%- set limits = weft.identifier_limits() -%}

with

profile_identifiers as (

    select profile_id, identifier_type from {{ ref('profile_identifiers') }}

),

sizes as (

    select
        profile_id,
        count(*) as count_identifiers
    from profile_identifiers
    group by profile_id

),

by_type as (

    select
        profile_id,
        identifier_type,
        count(*) as count_identifiers
    from profile_identifiers
    group by profile_id, identifier_type

),

limits as (

    {%- for limit in limits %}
    select
        {{ weft.literal(limit.type) }} as identifier_type,
        cast({{ limit.count }} as {{ weft.sql_type('integer') }}) as limit_identifiers
    {%- if not loop.last %}

    union all
    {% endif %}
    {%- else %}
    select
        cast(null as {{ weft.sql_type('text') }}) as identifier_type,
        cast(null as {{ weft.sql_type('integer') }}) as limit_identifiers
    where false
    {%- endfor %}

),

watched as (

    select
        'largest' as reason,
        profile_id,
        cast(null as {{ weft.sql_type('text') }}) as identifier_type,
        count_identifiers,
        cast(null as {{ weft.sql_type('integer') }}) as limit_identifiers
    from sizes

    union all

    -- Near is four fifths of the limit: one short of the usual five.
    select
        'near_limit' as reason,
        by_type.profile_id,
        by_type.identifier_type,
        by_type.count_identifiers,
        limits.limit_identifiers
    from by_type
    inner join limits on limits.identifier_type = by_type.identifier_type
    where by_type.count_identifiers * 5 >= limits.limit_identifiers * 4

),

ranked as (

    select
        *,
        row_number() over (
            partition by reason
            order by count_identifiers desc, profile_id, identifier_type
        ) as place,
        count(*) over (partition by reason) as count_alike
    from watched

)

select * from ranked where place <= {{ most }}
