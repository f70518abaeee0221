{{ config(
    materialized='kept',
    key=['first_identifier_id', 'second_identifier_id'],
    models=['identity_links', 'identity_trees'],
) }}
{%- set plan = weft.identity_plan(models=['identity_links', 'identity_trees']) %}

with

{%- if plan.is_full %}

links as (

    select * from {{ ref('identity_links') }}

),

trees as (

    select * from {{ ref('identity_trees') }}

),
{%- else %}

moved as (

    select identifier_id from {{ ref('identity_trees') }}
    where {{ weft.is_new(plan, 'identity_trees') }}

),

-- What may have another answer now: links that are new, and those of who moved.
links as (

    select * from {{ ref('identity_links') }}
    where {{ weft.is_new(plan, 'identity_links') }}
    union
    select * from {{ ref('identity_links') }}
    where first_identifier_id in (select identifier_id from moved)
    union
    select * from {{ ref('identity_links') }}
    where second_identifier_id in (select identifier_id from moved)

),

trees as (

    select * from {{ ref('identity_trees') }}
    where
        identifier_id in (
            select first_identifier_id from links
            union all
            select second_identifier_id from links
        )

),
{%- endif %}

cuts as (

    select identifier_id, cut_from_id, cut_reason from trees
    where cut_from_id is not null

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
            else coalesce(first_cut.cut_reason, second_cut.cut_reason)
        end as reason
    from links
    inner join trees as first_tree on first_tree.identifier_id = links.first_identifier_id
    inner join trees as second_tree on second_tree.identifier_id = links.second_identifier_id
    left join cuts as first_cut
        on
            first_cut.identifier_id = links.first_identifier_id
            and first_cut.cut_from_id = links.second_identifier_id
    left join cuts as second_cut
        on
            second_cut.identifier_id = links.second_identifier_id
            and second_cut.cut_from_id = links.first_identifier_id

)

{%- if plan.is_full %}

select * from judged where reason is not null
{%- else %}

select *, reason is null as is_gone from judged
{%- endif %}
