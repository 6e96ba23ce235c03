"""Load application databases into the warehouse: extract, conform, gate, land, load."""

import logging

# psycopg logs what it also raises; without a handler Python prints it beside our one line of error
logging.getLogger("psycopg").addHandler(logging.NullHandler())
