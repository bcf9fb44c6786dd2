"""Every key of the session state, with the type of what stands under it: nothing else writes one as a text.

A key is a text, so a widget takes it as its `key`. `KEY.value` is what stands there, `KEY.get()` the same or
None; `KEY.of(name)` is a key of its own for each name, such as a clip's.

    keys.NEWEST.value = source.id
    st.toggle("Numbers", key=keys.NUMBERS.of(kind))
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

import streamlit as st

if TYPE_CHECKING:
    from app.explorer.component import Selection
    from app.opening.files import ObjectFile, Source
    from app.opening.session import Session
    from app.state.shown import Choice, Shown
    from peerattn.data.folder import LabelledFile
    from peerattn.data.zips import Unpacked

T = TypeVar("T")


class Key(str, Generic[T]):
    """The name of a place in the session state, where a T stands or nothing."""

    @property
    def value(self) -> T:
        """What stands there; raises KeyError where nothing does."""
        found: T = st.session_state[self]
        return found

    @value.setter
    def value(self, new: T) -> None:
        st.session_state[self] = new

    @value.deleter
    def value(self) -> None:
        del st.session_state[self]

    @property
    def held(self) -> bool:
        """Whether anything stands there."""
        return self in st.session_state

    @overload
    def get(self) -> T | None: ...
    @overload
    def get(self, default: T) -> T: ...
    def get(self, default: T | None = None) -> T | None:
        found: T | None = st.session_state.get(self, default)
        return found

    def pop(self) -> T | None:
        """What stands there, which then does no more."""
        found: T | None = st.session_state.pop(self, None)
        return found

    def setdefault(self, default: T) -> T:
        found: T = st.session_state.setdefault(self, default)
        return found

    def of(self, name: object) -> Key[T]:
        """The key of this kind for one clip, network or part."""
        return Key(f"{self}-{name}")


Clicked = Mapping[str, Any]
"""What a component says of a click, by its name."""

# The bar: what is chosen, and what a visitor brought.
CHECKPOINT: Key[str] = Key("checkpoint")
CHECKPOINT_KEPT: Key[bool] = Key("checkpoint-kept")  # chosen by the visitor, so that no clip changes it
FOLLOWING: Key[str] = Key("following")  # the checkpoint that the clip asks for
CLIP: Key[str] = Key("clip")
CLIPS: Key[dict[str, Source]] = Key("clips")  # the visitor's own, by id
BROUGHT: Key[dict[str, Source]] = Key("brought")  # those of them that no file in the uploader stands for
NEWEST: Key[str] = Key("newest")  # the id of the clip that came last
UPLOADS: Key[Any] = Key("uploads")
READ: Key[dict[str, Source | str]] = Key("read")  # file id → its clip, or the line why there is none
ATTACHED: Key[dict[str, ObjectFile]] = Key("attached")  # clip → its own object maps
OBJECTS: Key[Any] = Key("objects")  # of a clip: the uploader of its maps
HOLD: Key[bool] = Key("hold")  # of a clip
STRETCH: Key[Any] = Key("stretch")  # of a clip: start and stop in seconds, or its length
OPENED: Key[Shown] = Key("opened")  # what the screens show
FIRST: Key[Choice] = Key("first")  # what was chosen when the page was opened
ADDRESS: Key[dict[str, str]] = Key("address")  # what the address said then
ABSENT: Key[list[str]] = Key("absent")  # lines of what it named that is not here
NOTICES: Key[dict[str, list[str]]] = Key("notices")  # clip → lines to show with it
ALERTS: Key[None] = Key("alerts")
CARD: Key[Any] = Key("card")

# A session file that was opened.
RESTORING: Key[tuple[Session, Source]] = Key("restoring")
RESTORED: Key[int] = Key("restored")  # how many there were
START: Key[dict[str, Any]] = Key("start")  # how it was looked at: its token, and the query of its address
SAVED_TRACES: Key[dict[str, Any]] = Key("saved-traces")  # clip → the trace in the file

# The explorer and its panels.
SELECTED: Key[Selection | None] = Key("selected")
EXPLORER: Key[Clicked] = Key("explorer")
PRUNED_GRAPH: Key[Clicked] = Key("pruned-graph")
COMPARE_EXPLORER: Key[Clicked] = Key("compare-explorer")
REPLAY: Key[Clicked] = Key("replay")
TOUR: Key[Clicked] = Key("tour")
PANELS: Key[Clicked] = Key("panels")
PEERATTN_SCRIPTS: Key[None] = Key("peerattn-scripts")
PEERATTN_PANELS_SCRIPT: Key[None] = Key("peerattn-panels-script")
BARS: Key[None] = Key("bars")
WINDOWS: Key[None] = Key("windows")
TRACE: Key[bool] = Key("trace")
CSV: Key[bool] = Key("csv")

# Export.
EXPORT: Key[Any] = Key("export")
EXPORT_ADDRESS: Key[Clicked] = Key("export-address")
SAVE: Key[bool] = Key("save")  # of a kind of file
FILM: Key[bool] = Key("film")
FILM_KIND: Key[str] = Key("film-kind")
FILM_SPEED: Key[float] = Key("film-speed")
FILM_DARK: Key[bool] = Key("film-dark")
FILM_MAKE: Key[bool] = Key("film-make")
FILM_CANCEL: Key[bool] = Key("film-cancel")

# Prune.
THRESHOLD: Key[float] = Key("threshold")
PROBABILITIES: Key[Clicked] = Key("probabilities")  # before, after
LABELLED: Key[str] = Key("labelled")
FOLDER: Key[str] = Key("folder")
COUNT: Key[int] = Key("count")
MAPS: Key[str] = Key("maps")
CANCEL_CURVE: Key[bool] = Key("cancel-curve")
ACCURACY_CURVE: Key[Clicked] = Key("accuracy-curve")
NEW_NAME: Key[str] = Key("new-name")
SAVED: Key[Path] = Key("saved")
REFUSED: Key[str] = Key("refused")

# Compare.
COMPARE: Key[str] = Key("compare")
COMPARE_RESUMED: Key[int] = Key("compare-resumed")  # the token of the session file that was resumed
COMPARE_THRESHOLD: Key[float] = Key("compare-threshold")
SECOND_CLIP: Key[str] = Key("second-clip")
SECOND_CHECKPOINT: Key[str] = Key("second-checkpoint")

# Data.
DATA: Key[str] = Key("data")
CLIPS_FROM: Key[str] = Key("clips-from")
CLIPS_MAPS: Key[str] = Key("clips-maps")
LISTED: Key[tuple[Path, tuple[LabelledFile, ...]]] = Key("listed")
ZIP: Key[Any] = Key("zip")
ZIP_REFUSED: Key[str] = Key("zip-refused")
UNPACKED: Key[tuple[str, Unpacked]] = Key("unpacked")
UNPACKED_FILE: Key[str] = Key("unpacked-file")
CANCEL_CHECK: Key[bool] = Key("cancel-check")
FOLDER_CSV: Key[bool] = Key("folder-csv")
SPLIT: Key[str | None] = Key("split")
CANCEL_MEASUREMENT: Key[bool] = Key("cancel-measurement")
CLASSES_CSV: Key[bool] = Key("classes-csv")
DECIDES_CSV: Key[bool] = Key("decides-csv")
CONFUSION: Key[Clicked] = Key("confusion")
TRUE: Key[str] = Key("true")
PREDICTED: Key[str] = Key("predicted")
LABEL: Key[str] = Key("label")
OUTCOME: Key[str] = Key("outcome")

# Structures.
STRUCTURE: Key[str] = Key("structure")
STRUCTURE_FILES: Key[Any] = Key("structure-files")
OWN_STRUCTURES: Key[dict[str, str]] = Key("own-structures")  # file name → its text
READ_STRUCTURES: Key[dict[str, str | None]] = Key("read-structures")  # file id → the line why it is none
NEWEST_STRUCTURE: Key[str] = Key("newest-structure")
BELOW: Key[float] = Key("below")
ATTENTION: Key[str] = Key("attention")
CLIP_WIDTH: Key[str] = Key("clip-width")
OBJECT_CLASSES: Key[int] = Key("object-classes")
DRAWING: Key[Clicked] = Key("drawing")
STYLE: Key[str] = Key("style")
NUMBERS: Key[bool] = Key("numbers")  # of a style
REMOVED: Key[bool] = Key("removed")  # of a style
PART: Key[str | None] = Key("part")
WEIGHTS_BY_SOURCE: Key[Clicked] = Key("weights-by-source")
SIZED: dict[str, Key[int]] = {
    field: Key(field) for field in ("frames", "height", "width", "classes")
}  # of a structure
SIZE_CSV: Key[bool] = Key("size-csv")
FACTS: Key[bool] = Key("facts")
DRAWN: Key[bool] = Key("drawn")  # of a file

# Tour.
ANSWER: Key[int | None] = Key("tour-answer")  # of a step
