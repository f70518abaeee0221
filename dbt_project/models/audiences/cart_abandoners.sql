select
    profile_id,
    email,
    last_product_viewed,
    last_product_added_at
from {{ ref('profiles') }}
where
    products_added_last_7_days > 0
    and (last_order_at is null or last_order_at < last_product_added_at)
