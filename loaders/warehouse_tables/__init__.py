"""Tables of the warehouse as a source: views with the columns of landed tables, nothing copied."""

from loaders.warehouse_tables.mapping import MappedTable
from loaders.warehouse_tables.views import MappedView, map_tables

__all__ = ["MappedTable", "MappedView", "map_tables"]
