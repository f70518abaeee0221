{{ config(materialized='profile_rows') }}
-- depends_on: {{ ref('profile_id_register') }}
-- depends_on: {{ ref('profile_merges') }}

select
    identities.profile_id,
    {%- for column in weft.identifier_columns() %}
    identities.{{ adapter.quote(column) }},
    {%- endfor %}
    {%- for trait in weft.custom_traits() %}
    custom_traits.{{ adapter.quote(trait) }},
    {%- endfor %}
    {%- for name in weft.trait_models() %}
    {%- set trait_model = ref(project_name, name) %}
    {%- for column in weft.trait_columns(trait_model) %}
    {{ name }}.{{ adapter.quote(column) }},
    {%- endfor %}
    {%- endfor %}
    identities.first_seen_at
from {{ ref('profile_identities') }} as identities
left join {{ ref('profile_custom_traits') }} as custom_traits
    on custom_traits.profile_id = identities.profile_id
{%- for name in weft.trait_models() %}
left join {{ ref(project_name, name) }} as {{ name }} on {{ name }}.profile_id = identities.profile_id
{%- endfor %}
