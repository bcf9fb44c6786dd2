"""Training: from batches of labelled clips to a network, and never a lost hour of it.

The parameters of connectivity (connection weights w and attention weights h) learn at a rate of their own,
far above the filters': at the filters' rate they hardly leave their start. A light pressure towards few
strong connections makes one that does not help fade, so that a threshold has something to say.

Imports files, graph, traces, scores, network, modalities, actionworld, data, recording and pruning. Start
with `config.TrainingConfig`, `loop.fit` and `actionworld.train`.
"""

from peerattn.moved import moved

__getattr__ = moved(__name__)
