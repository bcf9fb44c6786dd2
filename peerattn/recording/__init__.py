"""Running clips through a network: traces, the steps inside a factor, predictions, evaluation, interventions.

Imports graph, traces, scores, network, modalities and data. Start with `recorder.record`,
`predictions.predict` and `evaluating.evaluate`.
"""
