"""Segmentation networks: trained on generated clips and on people of real ones, measured, cross-fitted."""
