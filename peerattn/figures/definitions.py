"""The explanations shown with the panels, by panel id.

`OLD_DEFINITIONS` replaces some of them for traces that were recorded before contributions existed.
"""

from __future__ import annotations

from peerattn.figures.shares import CONTRIBUTION_FORMULA, MAGNITUDE_FORMULA
from peerattn.tables.share import BASELINE_NOTE, OLD_SHARES_NOTE

FACTOR = "An attention factor lies between 0 and 1 and multiplies one channel of a connection in one frame."
SIZES = (
    f"{CONTRIBUTION_FORMULA} (connection weight times attention factors times source, minus the same on the "
    "baseline °, summed over channels and positions)"
)
SUMS = f"Shares sum to 1 in every frame in which something arrives. {BASELINE_NOTE}"
SHARE = (
    "The modality share of what this clip adds: each incoming connection of a block has its share of "
    f"{SIZES}, and passes on the modality shares of its source, from the inputs upwards. {SUMS} Changed by "
    "peers: the source itself adds nothing, but its attention factors differ from those on the baseline."
)
WINDOWS = "A window is a stretch of the recording for which the network gives an answer."
DEFINITIONS = {
    "modality": f"{FACTOR} Each line is the mean over the connections that leave the input blocks of a "
    "modality; mixed: over those that leave inner blocks.",
    "level": f"{FACTOR} Each line is the mean over the connections that arrive at the blocks of a level.",
    "share": f"{SHARE} Shown here for the output: the mean over the output blocks.",
    "spread": f"{FACTOR} The distribution over all channels and frames of the connections that arrive at a "
    "level: boxes from the first to the third quartile with a line at the median and a dashed line at the "
    "mean, whiskers at the 5th and 95th percentiles. Frames affected by padding beyond the clip's ends are "
    "included.",
    "peers": "Attention weights: the softmax share of each peer in the attention of a connection; each row "
    "sums to 1. Entropy, from 0 to 1: 1 if all peers of a connection count equally, 0 if only one counts.",
    "predictions": "The most probable classes of the clip. Probabilities are the means over its windows; the "
    f"table lists every window. {WINDOWS}",
    "windows": "The probabilities in each window, for the most probable classes of the clip and of each "
    f"window. {WINDOWS}",
    "channels": f"{FACTOR} Rows are the channels of the source; channels without an object class are grey.",
    "weights": "The softmax share of each peer in the attention of this connection, which is the same in "
    "every frame. The weights sum to 1; the dotted line marks the weight if all peers counted equally.",
    "inside": "How one attention factor is computed: the outputs of the peers are pooled over space, "
    "projected to a common width, weighted and summed; a dense layer with a sigmoid turns the sum into the "
    "factor.",
    "delivers": f"The share of each connection in what this clip adds at the target, measured as {SIZES}. "
    f"This connection is emphasised. {SUMS}",
    "arrives": f"The share of each connection in what this clip adds at the block, measured as {SIZES}. "
    f"{SUMS}",
    "origins": f"{SHARE} Shown here for the input of this block.",
    "joined": "The connections into the block, then those out of it. Bars: connection weight. Diamonds: mean "
    "attention factor over channels and frames.",
    "left-out": "What this answer needs: each connection is left out alone, as if its weight were zero, and "
    "the clip runs again. A bar to the left: without the connection, the clip's most probable class is less "
    "probable. Two connections that carry the same may each cost nothing alone. This is one clip: how much "
    "accuracy needs a connection is measured on many.",
    "left-out-spans": "When this connection mattered to the answer: it is left out in one span of frames at "
    "a time, and adds nothing there. A bar below zero: without it in that span, the clip's most probable "
    "class is less probable. The changes of the spans need not add up to that of the whole clip.",
    "activity": "The mean |output| of the block over channels and positions.",
}
PREDICTION_DEFINITIONS = {
    "classes": {name: DEFINITIONS[name] for name in ("predictions", "windows")},
    "labels": {
        "predictions": "The most probable labels of the clip; each label is a yes-or-no question of its own. "
        "Probabilities are the means over its windows; the table lists every window. A triangle marks the "
        f"probability from which a label counts as found. {WINDOWS}",
        "windows": "The probabilities in each window, for the most probable labels of the clip and for those "
        f"found in any window. {WINDOWS}",
    },
}
"""Kind of answer → panel id → explanation."""
OLD_SHARE = (
    f"Each incoming connection of a block has its share of {MAGNITUDE_FORMULA} (connection weight times "
    "attention factors times source, summed over channels and positions), and passes on the modality shares "
    f"of its source, from the inputs upwards. {OLD_SHARES_NOTE}"
)
OLD_ARRIVING = (
    f"The share of each connection in what is delivered, measured as {MAGNITUDE_FORMULA}. {OLD_SHARES_NOTE}"
)
OLD_DEFINITIONS = {
    "share": f"{OLD_SHARE} Shown here for the output: the mean over the output blocks.",
    "origins": f"{OLD_SHARE} Shown here for the input of this block.",
    "delivers": f"{OLD_ARRIVING} This connection is emphasised.",
    "arrives": OLD_ARRIVING,
}
"""Explanations for traces that hold no contributions, by panel id."""
