"""Dagster definitions, the command line and the start page: everything that makes the other three packages run."""
