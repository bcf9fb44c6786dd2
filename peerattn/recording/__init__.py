"""A clip through a network: its trace, the steps inside a factor, predictions, evaluations, interventions.

Imports graph, traces, scores, network, modalities and data. Start with `recorder.record`,
`predictions.predict` and `evaluating.evaluate`.
"""
