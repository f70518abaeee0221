{{ config(materialized='spanning_forest') }}
-- depends_on: {{ ref('identifiers') }}
-- depends_on: {{ ref('identity_links') }}
