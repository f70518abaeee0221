select
    profile_id,
    email,
    last_order_at
from {{ ref('profiles') }}
where orders_count > 0 and orders_last_60_days = 0
