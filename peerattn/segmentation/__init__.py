"""Segmentation networks: trained on generated clips and on people of real ones, measured, cross-fitted."""

from peerattn.segmentation.config import GENERATED, PEOPLE, START, SegmenterConfig
from peerattn.segmentation.crossfit import (
    Held,
    cross_fitted,
    every_frame,
    fold_numbers,
    maps_file,
    whole_maps,
)
from peerattn.segmentation.quality import (
    PersonSegmentation,
    Segmentation,
    evaluate_persons,
    evaluate_segmenter,
    person_overlaps,
)
from peerattn.segmentation.saving import metrics_of, save_segmenter, whole_folder
from peerattn.segmentation.training import train_segmenter
from peerattn.segmentation.videos import PersonVideo, passing_over, read_person_video, with_masks

__all__ = [
    "GENERATED",
    "PEOPLE",
    "START",
    "Held",
    "PersonSegmentation",
    "PersonVideo",
    "Segmentation",
    "SegmenterConfig",
    "cross_fitted",
    "evaluate_persons",
    "evaluate_segmenter",
    "every_frame",
    "fold_numbers",
    "maps_file",
    "metrics_of",
    "passing_over",
    "person_overlaps",
    "read_person_video",
    "save_segmenter",
    "train_segmenter",
    "whole_folder",
    "whole_maps",
    "with_masks",
]
