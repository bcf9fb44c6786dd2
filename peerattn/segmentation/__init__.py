"""Segmentation networks: trained on generated clips and on people of real ones, measured, cross-fitted."""

from peerattn.moved import moved

__getattr__ = moved(__name__)
