{{ config(materialized='table') }}

{%- set traits = weft.account_traits() -%}
{%- set columns = {'id': 'text', 'group_id': 'text', 'timestamp': 'timestamp', 'received_at': 'timestamp'} -%}
{%- do columns.update(traits) -%}

with

group_calls as (

    select
        *,
        least({{ adapter.quote('timestamp') }}, received_at) as seen_at
    from (
        {{ weft.landed('groups', columns) | indent(8) }}
    ) as landed
    where trim(group_id) <> ''

),

-- Per trait the latest value that is not null, by time received: what the
-- landed table `accounts` has, over all sources.
accounts as (

    select
        group_id,
        {%- for trait in traits %}
        {%- set trait_column = adapter.quote(trait) %}
        {{ weft.first_value_of(
            trait_column, 'received_at desc, id desc, source', trait_column ~ ' is not null'
        ) }} as {{ trait_column }},
        {%- endfor %}
        min(seen_at) as first_seen_at,
        max(seen_at) as last_seen_at
    from group_calls
    group by group_id

),

members as (

    select
        group_id,
        count(*) as count_members
    from {{ ref('account_members') }}
    group by group_id

)

select
    accounts.*,
    {%- for name in weft.account_trait_models() %}
    {%- for column in weft.trait_columns(ref(project_name, name), 'group_id') %}
    {{ name }}.{{ adapter.quote(column) }},
    {%- endfor %}
    {%- endfor %}
    coalesce(members.count_members, 0) as count_members
from accounts
left join members on members.group_id = accounts.group_id
{%- for name in weft.account_trait_models() %}
left join {{ ref(project_name, name) }} as {{ name }} on {{ name }}.group_id = accounts.group_id
{%- endfor %}
