{{ config(
    materialized='kept',
    key=['first_identifier_id', 'second_identifier_id'],
    models=['identity_links', 'identity_trees'],
) }}
{%- set plan = weft.identity_plan(models=['identity_links', 'identity_trees']) %}

with

{%- if not plan.is_full %}

moved as (

    select identifier_id from {{ ref('identity_trees') }}
    where {{ weft.is_new(plan, 'identity_trees') }}

),
{%- endif %}

links as (

    select * from {{ ref('identity_links') }}
    {%- if not plan.is_full %}
    where
        {{ weft.is_new(plan, 'identity_links') }}
        or first_identifier_id in (select identifier_id from moved)
        or second_identifier_id in (select identifier_id from moved)
    {%- endif %}

),

judged as (

    select
        links.first_identifier_id,
        links.second_identifier_id,
        links.linked_at,
        links.source,
        links.event_id,
        case
            when first_tree.tree_id <> second_tree.tree_id then 'unique'
            when first_tree.cut_from_id = links.second_identifier_id then first_tree.cut_reason
            when second_tree.cut_from_id = links.first_identifier_id then second_tree.cut_reason
        end as reason
    from links
    inner join {{ ref('identity_trees') }} as first_tree
        on first_tree.identifier_id = links.first_identifier_id
    inner join {{ ref('identity_trees') }} as second_tree
        on second_tree.identifier_id = links.second_identifier_id

)

{%- if plan.is_full %}

select * from judged where reason is not null
{%- else %}

select *, reason is null as is_gone from judged
{%- endif %}
