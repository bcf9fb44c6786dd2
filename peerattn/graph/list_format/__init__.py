"""The list format of the published AssembleNet structures, read into blocks and connections and back.

A node is `[stem level, temporal dilation]`, or `[level, [input nodes], filters, temporal dilation, spatial
stride, 0]`; the edge weights have one entry a node, `[]` or `[[one weight an input]]`, after the sigmoid.
Stem levels -1, -2 and -3 read rgb, flow and object and are our level 1; levels 0 to 3 are our levels 2 to
5. A block's id is its node's position. What the lists leave open is in `Options`.

Source: google-research, folder assemblenet, commit 0c1bbe5.
"""
