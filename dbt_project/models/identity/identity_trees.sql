{{ config(materialized='spanning_forest') }}

select
    identifier_id as node_id,
    identifier_type = {{ weft.literal(weft.unique_identifier_type()) }} as is_anchor,
    null as neighbour_id,
    null as position
from {{ ref('identifiers') }}

union all

select
    first_identifier_id as node_id,
    false as is_anchor,
    second_identifier_id as neighbour_id,
    position
from {{ ref('identity_links') }}
