"""Training: from batches of labelled clips to a network, and never a lost hour of it.

The parameters of connectivity (connection weights w and attention weights h) learn at a rate of their own,
far above the filters': at the filters' rate they hardly leave their start. A light pressure towards few
strong connections makes one that does not help fade, so that a threshold has something to say.
"""

from peerattn.training.actionworld import CLIPS, SETTINGS, GeneratedSource, actionworld_structure, train
from peerattn.training.config import (
    Averaging,
    Loss,
    Optimisation,
    PruningSchedule,
    Schedule,
    Stopping,
    TrainingConfig,
)
from peerattn.training.loop import Trained, fit
from peerattn.training.optimisation import connection_pressure, parameter_groups
from peerattn.training.people import people_structure
from peerattn.training.starting import new_network, start_from
from peerattn.training.state import STATE_FILE
from peerattn.training.watching import Epoch, Saving, Watch

__all__ = [
    "CLIPS",
    "SETTINGS",
    "STATE_FILE",
    "Averaging",
    "Epoch",
    "GeneratedSource",
    "Loss",
    "Optimisation",
    "PruningSchedule",
    "Saving",
    "Schedule",
    "Stopping",
    "Trained",
    "TrainingConfig",
    "Watch",
    "actionworld_structure",
    "connection_pressure",
    "fit",
    "new_network",
    "parameter_groups",
    "people_structure",
    "start_from",
    "train",
]
