{{ config(materialized='ledger') }}

{{ weft.no_identity_builds() }}
