"""A name -> a network with its settings and card, trained or untrained; a structure with its weights.

Imports files, graph, network and modalities. Start with `checkpoint.load`, `resolving.resolve` and
`subject.subject`.
"""
