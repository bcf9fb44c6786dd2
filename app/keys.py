"""All session-state keys of the app, each with the type of its value.

No other module writes a key as a string. A `Key` is a string, so it can be passed to a widget as its `key`.
`KEY.value` is the stored value, `KEY.get()` the stored value or None, and `KEY.scoped(name)` a separate key
for one clip, network or part.

    keys.NEWEST_CLIP.value = source.id
    st.toggle("Show weight labels", key=keys.SHOW_NUMBERS.scoped(kind))

The string of a key that is bound to the address of the page stands in links and session files: keep it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

import streamlit as st

if TYPE_CHECKING:
    from app.explorer.component import Selection
    from app.opening.files import ObjectFile, Source
    from app.opening.session import Session
    from app.parts.mattered import Asked
    from app.state.opened import Choice, Opened
    from peerattn.data.folder import LabelledFile
    from peerattn.data.zips import UnpackedFolder

T = TypeVar("T")


class Key(str, Generic[T]):
    """A key of the session state under which a value of type T may be stored."""

    @property
    def value(self) -> T:
        """The stored value; raises KeyError if there is none."""
        stored: T = st.session_state[self]
        return stored

    @value.setter
    def value(self, new: T) -> None:
        st.session_state[self] = new

    @value.deleter
    def value(self) -> None:
        del st.session_state[self]

    @property
    def is_set(self) -> bool:
        """Whether a value is stored."""
        return self in st.session_state

    @overload
    def get(self) -> T | None: ...
    @overload
    def get(self, default: T) -> T: ...
    def get(self, default: T | None = None) -> T | None:
        stored: T | None = st.session_state.get(self, default)
        return stored

    def pop(self) -> T | None:
        """Remove the stored value and return it, or None if there is none."""
        stored: T | None = st.session_state.pop(self, None)
        return stored

    def keep_among(self, options: Collection[T]) -> None:
        """If a value is stored that is not among the options, store the first of them instead.

        Call it before the widget is drawn. If the value were only removed, the browser would go on showing
        it, above the results of another one.
        """
        if self.is_set and self.value not in options:
            self.value = next(iter(options))

    def setdefault(self, default: T) -> T:
        stored: T = st.session_state.setdefault(self, default)
        return stored

    def scoped(self, name: object) -> Key[T]:
        """The same key for one clip, network or part only."""
        return Key(f"{self}-{name}")


ComponentState = Mapping[str, Any]
"""The state that a browser component reports, by name."""

# The bar: the choices of the user and the uploaded files.
CHECKPOINT: Key[str] = Key("checkpoint")
CHECKPOINT_CHOSEN: Key[bool] = Key("checkpoint-kept")  # by the user, so opening a clip does not change it
NEXT_CHECKPOINT: Key[str] = Key("following")  # the checkpoint to switch to in the next run
CLIP: Key[str] = Key("clip")
OWN_CLIPS: Key[dict[str, Source]] = Key("clips")  # the user's clips by id
# The user's clips for which the uploader holds no file (any more):
RETAINED_CLIPS: Key[dict[str, Source]] = Key("brought")
NAMED_SAMPLES: Key[list[str]] = Key("named-samples")  # names of samples in the address or in sessions
NEWEST_CLIP: Key[str] = Key("newest")  # the id of the clip that was added last
UPLOADS: Key[Any] = Key("uploads")
UPLOAD_RESULTS: Key[dict[str, Source | str]] = Key("read")  # file id → its clip, or why it cannot be read
ATTACHED_MAPS: Key[dict[str, ObjectFile]] = Key("attached")  # clip id → the object maps attached to it
MAPS_UPLOADER: Key[Any] = Key("objects")  # scoped to a clip: the uploader of its object maps
HOLD_MAPS: Key[bool] = Key("hold")  # scoped to a clip
TIME_RANGE: Key[Any] = Key("stretch")  # scoped to a clip: (start, stop) in seconds, or only the length
OPENED: Key[Opened] = Key("opened")  # the clip or trace file that the screens show
FIRST_CHOICE: Key[Choice] = Key("first")  # the choice when the page was loaded
ADDRESS: Key[dict[str, str]] = Key("address")  # the query parameters when the page was loaded
ADDRESS_WARNINGS: Key[list[str]] = Key("absent")  # one line for each thing in the address that is not found
NOTICES: Key[dict[str, list[str]]] = Key("notices")  # clip id → lines to show with the clip
ALERTS: Key[None] = Key("alerts")
CARD: Key[Any] = Key("card")
CARD_DOWNLOAD: Key[bool] = Key("card-download")

# A session file that was opened.
SESSION_TO_RESTORE: Key[tuple[Session, Source]] = Key("restoring")
RESTORED_SESSIONS: Key[int] = Key("restored")  # how many sessions were restored so far
START_VIEW: Key[dict[str, Any]] = Key("start")  # the saved view: a token, and the query part of its address
SAVED_TRACES: Key[dict[str, Any]] = Key("saved-traces")  # clip id → the trace in the session file

# The explorer and its panels.
SELECTED: Key[Selection | None] = Key("selected")
EXPLORER: Key[ComponentState] = Key("explorer")
PRUNED_GRAPH: Key[ComponentState] = Key("pruned-graph")
COMPARE_EXPLORER: Key[ComponentState] = Key("compare-explorer")
REPLAY: Key[ComponentState] = Key("replay")
TOUR: Key[ComponentState] = Key("tour")
PANELS: Key[ComponentState] = Key("panels")
LEFT_OUT: Key[list[str]] = Key("without")  # the parts that are left out, as `KIND NAME`
LACKING: Key[tuple[str, list[str]]] = Key("lacking")  # a checkpoint, and named parts that it does not have
LEAVE_OUT: Key[bool] = Key("leave-out")
LEAVE_OUT_PEER: Key[str | None] = Key("leave-out-peer")  # scoped to a connection
DONOR: Key[str] = Key("donor")
LEFT_OUT_HOW: Key[str] = Key("without-how")
LEFT_OUT_TIMES: Key[tuple[float, float]] = Key("without-times")  # start and end in seconds
LEFT_OUT_ENDS: Key[tuple[float, float]] = Key("without-ends")  # of the clip for which the span was drawn
PEERATTN_SCRIPTS: Key[None] = Key("peerattn-scripts")
PEERATTN_PANELS_SCRIPT: Key[None] = Key("peerattn-panels-script")
BARS: Key[ComponentState] = Key("bars")
WINDOWS: Key[ComponentState] = Key("windows")
TRACE_DOWNLOAD: Key[bool] = Key("trace")
CSV_DOWNLOAD: Key[bool] = Key("csv")

# Export.
EXPORT: Key[Any] = Key("export")
EXPORT_ADDRESS: Key[ComponentState] = Key("export-address")
SAVE: Key[bool] = Key("save")  # scoped to a kind of file
FILM: Key[bool] = Key("film")
FILM_KIND: Key[str] = Key("film-kind")
FILM_SPEED: Key[float] = Key("film-speed")
FILM_DARK: Key[bool] = Key("film-dark")
FILM_MAKE: Key[bool] = Key("film-make")
FILM_CANCEL: Key[bool] = Key("film-cancel")

# Prune.
THRESHOLD: Key[float] = Key("threshold")
PROBABILITIES: Key[ComponentState] = Key("probabilities")  # scoped to "before" or "after"
LABELLED_SET: Key[str] = Key("labelled")
FOLDER: Key[str] = Key("folder")
CLIP_COUNT: Key[int] = Key("count")
MAPS_ORIGIN: Key[str] = Key("maps")
CANCEL_CURVE: Key[bool] = Key("cancel-curve")
ACCURACY_CURVE: Key[ComponentState] = Key("accuracy-curve")
NEW_NAME: Key[str] = Key("new-name")
SAVED_FOLDER: Key[Path] = Key("saved")
SAVE_ERROR: Key[str] = Key("refused")

# Compare.
COMPARE: Key[str] = Key("compare")
COMPARE_RESUMED: Key[int] = Key("compare-resumed")  # the token of the session file whose choices were taken
COMPARE_THRESHOLD: Key[float] = Key("compare-threshold")
SECOND_CLIP: Key[str] = Key("second-clip")
SECOND_CHECKPOINT: Key[str] = Key("second-checkpoint")

# Effect.
EFFECT_OF: Key[str] = Key("of")
EFFECT_HOW: Key[str] = Key("how")
EFFECT_ASKED: Key[tuple[str, str]] = Key("effect-asked")  # the checkpoint and kind of component drawn last
EFFECT_INSTEAD: Key[bool] = Key("effect-instead")  # scoped to what is shown instead
EFFECT_POINTWISE: Key[bool] = Key("pointwise")
EFFECT_COMPONENT: Key[str] = Key("component")
EFFECT_GREATEST: Key[tuple[str, str]] = Key("effect-greatest")  # a checkpoint, and its most needed component
CANCEL_EFFECTS: Key[bool] = Key("cancel-effects")
EFFECT_DOTS: Key[ComponentState] = Key("effect-dots")
EFFECTS_CSV: Key[bool] = Key("effects-csv")
EFFECT_CLASSES_CSV: Key[bool] = Key("effect-classes-csv")
EFFECT_WEIGHTS: Key[ComponentState] = Key("effect-weights")
EFFECT_ACROSS: Key[str] = Key("across")
EFFECT_CLIPS: Key[bool] = Key("effect-clips")
CANCEL_PAIRS: Key[bool] = Key("cancel-pairs")
EFFECT_PAIRS: Key[ComponentState] = Key("effect-pairs")
EFFECT_PAIRS_CSV: Key[bool] = Key("effect-pairs-csv")
CHANGED_CLIPS_CSV: Key[bool] = Key("changed-clips-csv")
MATTERED: Key[Asked] = Key("mattered")  # the clip opened last from Effect, and the component changed there
MATTERED_SHOWN: Key[Asked] = Key("mattered-shown")
CURVE_MODALITY: Key[str] = Key("curve-modality")
CANCEL_MODALITY_CURVE: Key[bool] = Key("cancel-modality-curve")
MODALITY_CURVE: Key[ComponentState] = Key("modality-curve")
MODALITY_CURVE_CSV: Key[bool] = Key("modality-curve-csv")
CANCEL_ATTENTION: Key[bool] = Key("cancel-attention")
ATTENTION_DOTS: Key[ComponentState] = Key("attention-dots")
ATTENTION_CSV: Key[bool] = Key("attention-csv")
ALIKE_CSV: Key[bool] = Key("trained-alike-csv")

# Data.
DATA: Key[str] = Key("data")
CLIPS_SOURCE: Key[str] = Key("clips-from")
CLIPS_MAPS_ORIGIN: Key[str] = Key("clips-maps")
FOLDER_LISTING: Key[tuple[Path, tuple[LabelledFile, ...]]] = Key("listed")
ZIP: Key[Any] = Key("zip")
ZIP_ERROR: Key[str] = Key("zip-refused")
UNPACKED_ZIP: Key[tuple[str, UnpackedFolder]] = Key("unpacked")  # its file name, and what it contained
UNPACKED_FILE_ID: Key[str] = Key("unpacked-file")
CANCEL_CHECK: Key[bool] = Key("cancel-check")
FOLDER_CSV: Key[bool] = Key("folder-csv")
SPLIT: Key[str | None] = Key("split")
CANCEL_MEASUREMENT: Key[bool] = Key("cancel-measurement")
CLASSES_CSV: Key[bool] = Key("classes-csv")
DETECTABLE_CSV: Key[bool] = Key("decides-csv")
CONFUSION: Key[ComponentState] = Key("confusion")
TRUE_CLASS: Key[str] = Key("true")
PREDICTED_CLASS: Key[str] = Key("predicted")
LABEL: Key[str] = Key("label")
OUTCOME: Key[str] = Key("outcome")

# Structures.
STRUCTURE: Key[str] = Key("structure")
STRUCTURE_FILES: Key[Any] = Key("structure-files")
OWN_STRUCTURES: Key[dict[str, str]] = Key("own-structures")  # file name → its text
STRUCTURE_ERRORS: Key[dict[str, str | None]] = Key("read-structures")  # file id → the error, None if read
NEWEST_STRUCTURE: Key[str] = Key("newest-structure")
STRUCTURE_THRESHOLD: Key[float] = Key("below")
ATTENTION_MODE: Key[str] = Key("attention")
CLIP_WIDTH: Key[str] = Key("clip-width")
OBJECT_CLASSES: Key[int] = Key("object-classes")
DRAWING: Key[ComponentState] = Key("drawing")
STYLE: Key[str] = Key("style")
SHOW_NUMBERS: Key[bool] = Key("numbers")  # scoped to a style
SHOW_REMOVED: Key[bool] = Key("removed")  # scoped to a style
PART: Key[str | None] = Key("part")
WEIGHTS_BY_SOURCE: Key[ComponentState] = Key("weights-by-source")
CLIP_SIZE: dict[str, Key[int]] = {
    field: Key(field) for field in ("frames", "height", "width", "classes")
}  # scoped to a structure
SIZE_CSV: Key[bool] = Key("size-csv")
HEALTH_FOLDER: Key[str] = Key("health-folder")
HEALTH_CSV: Key[bool] = Key("health-csv")
CANCEL_HEALTH: Key[bool] = Key("cancel-health")
FACTS_DOWNLOAD: Key[bool] = Key("facts")
DRAWING_DOWNLOAD: Key[bool] = Key("drawn")  # scoped to a file

# Tour.
ANSWER: Key[int | None] = Key("tour-answer")  # scoped to a step
