"""The one door to the warehouse: engines, Arrow in and out, dbt's profile, manifest and runner."""
