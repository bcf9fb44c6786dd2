"""The level graph as plain data: blocks, connections and peers, the published structures, and what pruning
removes.

Imports files, and no torch. Start with `structure.Structure`, `published.structure` and
`connectivity.survey`.
"""
