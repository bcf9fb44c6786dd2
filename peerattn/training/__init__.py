"""Training: from batches of labelled clips to a trained network, with a saved state to resume from.

The parameters of connectivity (connection weights w and attention weights h) have a learning rate of their
own, far above the filters': at the filters' rate they hardly leave their initial values. A light pressure
towards few strong connections lets an unhelpful connection fade, so that a threshold can remove it.

Imports files, graph, traces, scores, network, modalities, actionworld, data, recording and pruning. Start
with `config.TrainingConfig`, `loop.fit` and `actionworld.train`.
"""
