{{ config(
    materialized='kept',
    key=['identifier_id'],
    models=['identifiers', 'profile_id_register'],
) }}
{%- set plan = weft.identity_plan(models=['identifiers', 'profile_id_register']) %}

with

identifiers as (

    select * from {{ ref('identifiers') }}
    {%- if not plan.is_full %}
    where
        {{ weft.is_new(plan, 'identifiers') }}
        or identifier_id in (
            select identifier_id from {{ ref('profile_id_register') }}
            where {{ weft.is_new(plan, 'profile_id_register') }}
        )
    {%- endif %}

),

latest as (

    select max(position) as position
    from {{ ref('profile_id_register') }}
    {%- if not plan.is_full %}
    where identifier_id in (select identifier_id from identifiers)
    {%- endif %}
    group by identifier_id

)

select
    register.profile_id,
    identifiers.identifier_id,
    identifiers.identifier_type,
    identifiers.identifier_value,
    identifiers.first_seen_at
from {{ ref('profile_id_register') }} as register
inner join latest on latest.position = register.position
inner join identifiers on identifiers.identifier_id = register.identifier_id
