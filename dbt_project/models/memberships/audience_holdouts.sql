{{ config(materialized='ledger') }}

{{ weft.no_audience_memberships() }}
