{{ config(materialized='view') }}

{{ weft.arriving_identifiers({'is_full': true, 'is_idle': false}) }}
