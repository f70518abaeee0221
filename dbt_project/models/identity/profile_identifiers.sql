with

identifiers as (

    select * from {{ ref('identifiers') }}

),

latest as (

    select
        identifier_id,
        profile_id,
        row_number() over (partition by identifier_id order by position desc) as recency
    from {{ ref('profile_id_register') }}

)

select
    latest.profile_id,
    identifiers.identifier_id,
    identifiers.identifier_type,
    identifiers.identifier_value,
    identifiers.first_seen_at
from identifiers
inner join latest on latest.identifier_id = identifiers.identifier_id
where latest.recency = 1
