"""Compares the rows of a store with the files of its artifacts, for `runyard check`. Nothing here changes either.

Rows point at files that are gone after a restore from different days, or when a bucket's rules removed objects. Files
without rows are left when a removal was interrupted, or a database was made anew.
"""

from runyard.registry.consistency.files import FilesWithoutRows, files_without_rows, places_of
from runyard.registry.consistency.findings import Finding, Kind
from runyard.registry.consistency.rows import rows_without_files

__all__ = ["FilesWithoutRows", "Finding", "Kind", "files_without_rows", "places_of", "rows_without_files"]
