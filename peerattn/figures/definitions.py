"""What each panel shows, in words, by its name; and what differs in traces from before contributions."""

from __future__ import annotations

from peerattn.figures.shares import CONTRIBUTION_FORMULA, MAGNITUDE_FORMULA
from peerattn.moved import moved
from peerattn.tables.share import BASELINE, OLD_SHARES

__getattr__ = moved(__name__)

FACTOR = "An attention factor lies between 0 and 1 and multiplies one channel of a connection in one frame."
SIZES = (
    f"{CONTRIBUTION_FORMULA} (connection weight times attention factors times source, minus the same on the "
    "baseline °, summed over channels and places)"
)
SUMS = f"Shares sum to 1 in every frame in which something arrives. {BASELINE}"
SHARE = (
    f"Modality share of what this clip adds: of each block's input, the share of {SIZES} per incoming "
    f"connection, carried up from the inputs. {SUMS} Changed by peers: the source itself adds nothing, but "
    "its attention factors are others than on the baseline."
)
WINDOWS = "A window is a stretch of the recording, over which an answer is taken."
DEFINITIONS = {
    "modality": f"{FACTOR} Each line is the mean over the connections that leave a modality's input blocks; "
    "mixed: that leave inner blocks.",
    "level": f"{FACTOR} Each line is the mean over the connections that arrive at blocks of a level.",
    "share": f"{SHARE} Here at the output, the mean over the output blocks.",
    "spread": f"{FACTOR} Of all channels and frames of the connections that arrive at a level: the box "
    "from the first to the third quartile, its line the median, dashes the mean, whiskers 5 % and 95 %. "
    "Frames that an end of the clip reaches count too.",
    "peers": "Attention weights: the softmax share of each peer in a connection's attention; a row sums to "
    "1. Normalised entropy: 1 where all peers of a connection count alike, 0 where one counts alone.",
    "predictions": "The most probable classes of the clip: probabilities are the mean over its windows, "
    f"which the table has one by one. {WINDOWS}",
    "windows": "The probability of each window of the clip, of the classes that lead it or any window of it. "
    f"{WINDOWS}",
    "channels": f"{FACTOR} Channels of the source over the frames; grey: a channel without an object class.",
    "weights": "The softmax share of each peer in this connection's attention, the same in every frame. All "
    "sum to 1; dotted: the weight if all counted alike.",
    "inside": "How one attention factor comes about: the peers' outputs are pooled over space, projected to "
    "one width, weighted, summed, and read by a dense layer, whose sigmoid is the factor.",
    "delivers": f"Of all that this clip adds at the target, the share of {SIZES} of each connection; the "
    f"strong area is this one. {SUMS}",
    "arrives": f"Of all that this clip adds at the block, the share of {SIZES} of each connection. {SUMS}",
    "origins": f"{SHARE} Here of the input of this block.",
    "joined": "What feeds the block, then what it feeds. Bars: connection weight. Diamonds: the mean "
    "attention factor over channels and frames.",
    "activity": "The mean |output| of the block, over channels and places.",
}
PREDICTION_DEFINITIONS = {
    "classes": {name: DEFINITIONS[name] for name in ("predictions", "windows")},
    "labels": {
        "predictions": "The most probable labels of the clip, each a yes or no of its own: probabilities are "
        "the mean over its windows, which the table has one by one. A triangle marks from where on a label "
        f"counts as found. {WINDOWS}",
        "windows": "The probability of each window of the clip, of the labels that lead it or are found in "
        f"any window of it. {WINDOWS}",
    },
}
"""Kind of answer → what its panels show."""
OLD_SHARE = (
    f"Of each block's input, the share of {MAGNITUDE_FORMULA} (connection weight times attention factors "
    "times source, summed over channels and places) per incoming connection, carried up from the inputs. "
    f"{OLD_SHARES}"
)
OLD_ARRIVING = f"Of all that is delivered, the share of {MAGNITUDE_FORMULA} of each connection. {OLD_SHARES}"
OLD_DEFINITIONS = {
    "share": f"{OLD_SHARE} Here at the output, the mean over the output blocks.",
    "origins": f"{OLD_SHARE} Here of the input of this block.",
    "delivers": f"{OLD_ARRIVING} The strong area is this one.",
    "arrives": OLD_ARRIVING,
}
"""Of a trace from before contributions."""
