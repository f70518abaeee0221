{{ config(materialized='view') }}
-- depends_on: {{ ref('identity_trees') }}

with

builds as (

    select
        *,
        row_number() over (partition by model_name order by build desc) as recency
    from {{ ref('identity_builds') }}

)

select
    trees.rules_hash,
    links.consumed,
    trees.is_full,
    trees.reason,
    trees.count_rounds,
    trees.count_written,
    trees.run_id,
    trees.as_of,
    trees.built_at
from builds as trees
inner join builds as links on links.model_name = 'identity_links' and links.recency = 1
where trees.model_name = 'identity_trees' and trees.recency = 1
