{{ config(materialized='computed_traits') }}

{{ weft.computed_traits() }}
