"""Load application databases into the warehouse: extract, conform, gate, land, load."""
