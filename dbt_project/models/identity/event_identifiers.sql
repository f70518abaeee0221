{{ config(materialized='view') }}

{{ weft.compact(weft.arriving_identifiers({'is_full': true, 'is_idle': false})) }}
