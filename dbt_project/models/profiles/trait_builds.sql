{{ config(materialized='ledger') }}

{{ weft.no_trait_builds() }}
