"""Labelled clips: folders of real ones, what is wrong with them, and batches of them to train on."""
