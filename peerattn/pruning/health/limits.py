"""The limits of the health report: how far a number may go before it is reported.

Each limit was chosen before the checks were written, from what initialisation leaves behind on one side and
what trained networks have on the other. Every value is reported with its limit, so that a reader can apply a
stricter one.
"""

from __future__ import annotations

from peerattn.graph.connectivity import INITIAL_WEIGHT_TOLERANCE

AT_INITIALISATION = INITIAL_WEIGHT_TOLERANCE
"""A connection at initialisation: |σ(w) − 0.5| is at most this.

Of the released AssembleNet++-50, ten connections are within 0.0026 and no other is within 0.029, so that any
limit between separates them; this one is also that of the command `structure`. A connection that has learned
may come to rest here by chance: if learned weights were spread evenly over 0 to 1, one in fifty would.
"""

CUT_OFF = 0.01
"""A dead or a starved block: the weakest connection on its best path to an output, or from an input, has a
weight below this.

Such a block counts for less than 1 % of what a fully weighted one would. The weakest connection of the
released AssembleNet++-50 has 0.058; each bundled network has single connections below 0.01, but every block
also has stronger ones.
"""

UNIFORM = 0.05
"""Near-uniform attention weights: the strongest peer has less than 1 + this times its equal share.

Attention weights start as softmax(h), with h drawn with a deviation of 0.01. Of up to twelve peers the
strongest then has 1.03 times its share at most (three deviations). The most even connection of the bundled
networks has 1.07.
"""

ONE_HOT = 0.01
"""One-hot attention weights: all peers but the strongest have less than this together.

The others then move the combined peers by less than 1 %, and the softmax passes on hardly any gradient with
which they could recover.
"""

SATURATED = 0.05
"""Saturated factors: the slope of the sigmoid, 4 A (1 − A), averaged over channels, frames and clips, is less
than this; it is 1 at A = 0.5.

This is the slope where A is 0.013 or 0.987. The least average of any connection of the bundled `actionworld`
is 0.33.
"""

STILL = 0.001
"""Constant factors, and factors that never move within a clip: their standard deviation is less than this.

It is the root mean square over channels: over all frames of all clips for constant factors, over the frames
of each clip for still ones. What is delivered then changes by less than a thousandth of its range. The least
deviations of any connection of the bundled `actionworld` are 0.009 over all frames and 0.003 within clips.
"""

SILENT_CHANNEL = 0.001
"""A dead channel: the standard deviation of its spatial mean, over all frames of all clips, is less than this
times that of the block's liveliest channel.

Relative, because a block may have any unit. The least of any channel of the bundled networks of generated
clips is 0.03.
"""

DEAD_CHANNELS = 0.1
"""A block with dead channels: more than this share of its channels are dead.

A ReLU that never opens on a few dozen clips may open on others, so single dead channels are no news; one in
ten is capacity that was paid for and is not used.
"""

NOT_EXCLUDED_LOSS = 0.05
"""A modality that changes nothing: swapping it for another clip's loses less than this, in accuracy from 0
to 1, even at the end of the interval that holds for all modalities at once.

Five points are what a hundred clips or so can exclude when no answer changes. That no loss was seen is not
enough: with few clips there is no finding, and the report says that this was not checked.
"""

LEAST_CLIPS = 24
"""Fewer clips are not enough to call factors constant or a channel dead.

A channel that one clip in eight needs would stay silent in all of 24 clips in 4 % of cases.
"""
