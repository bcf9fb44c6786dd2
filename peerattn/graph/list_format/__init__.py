"""The list format of the published AssembleNet structures, converted to blocks and connections and back.

A node is `[stem level, temporal dilation]`, or `[level, [input nodes], filters, temporal dilation, spatial
stride, 0]`. The edge weights have one entry per node, `[]` or `[[one weight per input]]`, after the sigmoid.
Stem levels -1, -2 and -3 read rgb, flow and object and become our level 1; levels 0 to 3 become our levels 2
to 5. A block's id is its node's position. `Options` settles what the lists leave open.

Source: google-research, folder assemblenet, commit 0c1bbe5.
"""
