{{ config(materialized='view') }}

select
    profile_identifiers.profile_id,
    events.*
from {{ ref('events') }} as events
inner join {{ ref('profile_identifiers') }} as profile_identifiers
    on profile_identifiers.identifier_id = events.identifier_id
