"""The level graph as plain data: blocks, connections, peers; published structures; what a removal takes.

Imports nothing but errors, and no torch. Start with `structure.Structure`, `published.structure` and
`connectivity.survey`.
"""
