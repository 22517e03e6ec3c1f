"""The database under the gate: engines, transactions, the writer, paging, the schema's version."""
