"""A trace, and what an evaluation found, as pandas tables: the numbers behind every figure and export.

Column names are the words of the field with their unit (`_s`: seconds); factors, weights and
probabilities have none. Frames and windows count from 1, as pages show them; T frames, C channels, P peers.
"""
