{{ config(materialized='view') }}

select
    profile_identifiers.profile_id,
    min(profile_identifiers.first_seen_at) as first_seen_at,
    max(identifier_activity.last_seen_at) as last_seen_at
from {{ ref('profile_identifiers') }} as profile_identifiers
inner join {{ ref('identifier_activity') }} as identifier_activity
    on identifier_activity.identifier_id = profile_identifiers.identifier_id
group by profile_identifiers.profile_id
