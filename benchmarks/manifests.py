"""dbt's manifest of a project with one model, `customers`, and one sync of it."""

from typing import Any


def manifest_of(sync: str, settings: dict[str, Any], schema: str) -> dict[str, Any]:
    """What dbt would write of the model and of a sync with these settings."""
    model = {
        "resource_type": "model",
        "name": "customers",
        "package_name": "shop",
        "schema": schema,
        "config": {"materialized": "table"},
        "original_file_path": "models/customers.sql",
        "description": "One row per customer.",
        "depends_on": {"nodes": []},
    }
    exposure = {
        "name": sync,
        "package_name": "shop",
        "original_file_path": "models/syncs.yml",
        "depends_on": {"nodes": ["model.shop.customers"]},
        "config": {"meta": {"sync": settings}},
    }
    return {
        "nodes": {"model.shop.customers": model},
        "exposures": {f"exposure.shop.{sync}": exposure},
    }
