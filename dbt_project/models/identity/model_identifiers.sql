{{ config(materialized='kept', mode='mirror', key=['source', 'event_id', 'identifier_id']) }}

select
    source,
    landed_table,
    event_id,
    seen_at,
    identifier_id,
    identifier_type,
    identifier_value,
    priority,
    first_identifier_id,
    place
from (
    {{ weft.model_identifier_values(weft.identity_rules()) }}
) as model_identifiers
