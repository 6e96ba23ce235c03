"""The bundled real sample, one folder per system, and the programs that made it from public data.

Without a source address a system is read from its folder here. `README.md` says where every value
comes from.
"""
