{{ config(materialized='view') }}

{{ weft.identifier_values(weft.identity_rules()) }}

union all

select
    source,
    landed_table,
    event_id,
    build as load_id,
    seen_at,
    identifier_id,
    identifier_type,
    identifier_value,
    priority,
    first_identifier_id,
    place
from {{ ref('model_identifiers') }}
