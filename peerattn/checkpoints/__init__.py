"""Find a network, trained or untrained, by its name, with its settings and card; or a structure with its
weights.

Imports files, graph, network and modalities. Start with `checkpoint.load`, `resolving.resolve` and
`weighted_structure.resolve_structure`.
"""
