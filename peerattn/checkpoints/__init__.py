"""A name -> a network with its settings and card, trained or untrained; a structure with its weights.

Imports files, graph, network and modalities. Start with `checkpoint.load`, `untrained.known` and
`subject.subject`.
"""
