select
    profile_id,
    email,
    first_name,
    lifetime_revenue,
    orders_count
from {{ ref('profiles') }}
where lifetime_revenue >= 500
