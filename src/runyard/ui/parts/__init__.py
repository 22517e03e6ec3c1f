"""What several pages are made of: tables and their columns, files, charts, and how values read."""
