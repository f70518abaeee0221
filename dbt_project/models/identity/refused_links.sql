with

links as (

    select * from {{ ref('identity_links') }}

),

trees as (

    select * from {{ ref('identity_trees') }}

)

select
    links.first_identifier_id,
    links.second_identifier_id,
    links.linked_at,
    links.source,
    links.event_id,
    'unique' as reason
from links
inner join trees as first_tree on first_tree.node_id = links.first_identifier_id
inner join trees as second_tree on second_tree.node_id = links.second_identifier_id
where first_tree.root_id <> second_tree.root_id
