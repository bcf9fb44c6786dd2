"""One page a file: read the choices, ask `state`, show figures.

May import every room. Start with `explore`.
"""
