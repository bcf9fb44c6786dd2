"""Session files: saved sessions can be opened again, and other files are refused before unpacking."""

import io
import json
import tracemalloc
import zipfile
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import streamlit as st
from hypothesis import given
from hypothesis import strategies as some
from streamlit.testing.v1 import AppTest

from app.opening import session
from app.opening.files import digest, samples
from app.opening.session import Session
from app.opening.traces import placeholder_frames, read_trace
from app.parts import user_files
from app.state import clips, exporting
from app.state.opened import MAX_SECONDS, OpenedTrace
from peerattn.errors import PeerattnError
from tests.app.screens.test_explore_and_prune import (
    PATIENCE,
    attach,
    captions,
    checked,
    maps,
    shown,
    upload,
    video,
)
from tests.conftest import ROOT
from tests.small import write_small_checkpoints
from tests.traces import trace

TEXT = trace(frames=4, window=2).to_json()
WHOLE = Session(
    "small",
    "../a clip.mp4",
    TEXT,
    digest(b"clip"),
    clip=b"clip",
    objects=(("maps.mkv", b"maps"), ("maps.json", b"{}")),
    start=0.5,
    stop=3.25,
    hold=True,
    view={"frame": "12", "pin": "connection a_to_b", "loop": "3-9"},
)


def test_a_session_read_back_is_the_same():
    assert Session.from_bytes(WHOLE.to_bytes()) == WHOLE
    assert Session.from_bytes(memoryview(WHOLE.to_bytes())).to_bytes() == WHOLE.to_bytes()


@given(some.binary(max_size=60), some.dictionaries(some.text(max_size=9), some.text(max_size=9), max_size=4))
def test_any_content_and_view_are_kept(content, view):
    saved = Session("n", "c", TEXT, digest(content), clip=content, view=view)
    assert Session.from_bytes(saved.to_bytes()) == saved


def changed(about: dict | None = None, parts: dict | None = None, without: tuple[str, ...] = ()) -> bytes:
    """The complete session with some facts or parts replaced."""
    with zipfile.ZipFile(io.BytesIO(WHOLE.to_bytes())) as archive:
        found = {name: archive.read(name) for name in archive.namelist()}
    found["session.json"] = json.dumps({**json.loads(found["session.json"]), **(about or {})}).encode()
    found |= parts or {}
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in found.items():
            if name not in without:
                archive.writestr(name, content)
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "incomplete or damaged"),
        (b"hello", "incomplete or damaged"),
        (WHOLE.to_bytes()[:-40], "incomplete or damaged"),
        (changed(parts={"../../escape": b"x"}), "it contains '../../escape'"),
        (changed(parts={"/etc/passwd": b"x"}), "it contains '/etc/passwd'"),
        (changed(without=("trace.json",)), "a part of it is missing"),
        (changed(without=("objects-2",)), "cannot be read"),
        (changed({"format": "peerattn-session/9"}), "another format"),
        (changed({"clip": None}), "cannot be read"),
        (changed({"stretch": [1]}), "cannot be read"),
        (changed({"stretch": [0, "NaN"]}), "cannot be read"),
        (changed({"stretch": [0, "Infinity"]}), "cannot be read"),
        (changed({"stretch": [0, 10**400]}), "cannot be read"),
        (changed({"view": []}), "cannot be read"),
        (changed(parts={"session.json": b"[" * 100_000}), "cannot be read"),
        (changed(parts={"session.json": b"[]"}), "cannot be read"),
        (changed(parts={"clip": b"another"}), "the clip in this session file"),
        (changed(parts={"objects-1": b"another"}), "the object maps in this session file"),
    ],
)
def test_other_files_are_refused_in_one_line(content, said):
    with pytest.raises(PeerattnError, match=said) as error:
        Session.from_bytes(content)
    assert "\n" not in str(error.value)


def test_a_zip_bomb_is_refused_by_its_declared_size(monkeypatch):
    monkeypatch.setattr(session, "MOST_BYTES", 1_000_000)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("session.json", "trace.json", "clip"):
            archive.writestr(name, b"\0" * 400_000)
    assert len(file.getvalue()) < 3_000
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_: pytest.fail("it was unpacked"))
    with pytest.raises(PeerattnError, match="unpacks to 1 MiB"):
        Session.from_bytes(file.getvalue())


def bomb(packing: int, size: int = 30_000_000) -> bytes:
    """A trace of this many bytes, declared as ten bytes in the archive's directory."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", packing) as archive:
        archive.writestr("session.json", b"{}")
        archive.writestr("trace.json", b"\0" * size)
    content = bytearray(file.getvalue())
    entry = content.rindex(b"PK\x01\x02")  # of the last part; its size stands 24 bytes on
    content[entry + 24 : entry + 28] = (10).to_bytes(4, "little")
    return bytes(content)


@pytest.mark.parametrize("packing", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_bomb_with_a_false_size_is_not_unpacked(packing):
    content = bomb(packing)
    tracemalloc.start()
    try:
        with pytest.raises(PeerattnError):
            Session.from_bytes(content)
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


@given(some.integers(0, len(WHOLE.to_bytes()) - 1), some.integers(1, 255))
def test_a_damaged_byte_is_refused_or_changes_nothing(place, change):
    content = bytearray(WHOLE.to_bytes())
    content[place] ^= change
    with suppress(PeerattnError):
        assert Session.from_bytes(content) == WHOLE


def document(**changes: object) -> str:
    return json.dumps({**json.loads(TEXT), **changes})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        document(format="other"),
        document(times=[0, 1, 1, 2]),
        document(times=[], windows=[]),
        document(times=[0, 1e307, 1e308, 1.5e308]),
        trace(frames=1025, window=1025).to_json(),
        document(blocks=json.loads(TEXT)["blocks"][1:]),
        document(connections=json.loads(TEXT)["connections"][1:]),
        document(probabilities=[float("nan")] * 6),
    ],
)
def test_traces_that_cannot_be_shown_are_refused_in_one_line(text):
    with pytest.raises(PeerattnError) as error:
        read_trace(text)
    assert "\n" not in str(error.value)


def test_a_valid_trace_is_read_and_gets_one_placeholder_picture_per_frame():
    found = read_trace(TEXT)
    assert found.to_json() == TEXT
    assert placeholder_frames(found).shape == (4, 256, 256, 3)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of checkpoints for one test."""
    monkeypatch.setenv("PEERATTN_CHECKPOINTS", str(write_small_checkpoints(tmp_path / "checkpoints")))
    st.cache_resource.clear()
    return tmp_path


def opened(**address: str) -> AppTest:
    """The app in a new session."""
    app = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=PATIENCE)
    for name, value in {"checkpoint": "small", **address}.items():
        app.query_params[name] = value
    return checked(app.run())


def bring(app: AppTest, path: Path) -> AppTest:
    return checked(app.file_uploader(key="uploads").set_value([(path.name, path.read_bytes(), "")]).run())


def save(app: AppTest, path: Path, **view: str) -> Path:
    path.write_bytes(exporting.session(shown(app), view))
    return path


def test_a_session_with_an_uploaded_clip_is_restored(folder):
    app = opened()
    upload(app, video(folder / "mine.mp4"))
    clip = shown(app).choice.source.id
    attach(app, clip, maps(folder / "some.npz", frames=np.array([0, 15, 30])))
    checked(app.checkbox(key=f"hold-{clip}").check().run())
    checked(app.slider(key=f"stretch-{clip}").set_value((0.5, 1.5)).run())
    before = shown(app)
    key = before.trace.connections[2].key
    file = save(
        app, folder / "mine.peerattn", frame="3", pin=f"connection {key}", threshold="0.5", overlay="flow"
    )

    app = bring(opened(), file)
    after = shown(app)
    assert not app.error
    assert after.choice.key == before.choice.key
    assert after.trace.to_json() == before.trace.to_json()
    assert app.selectbox(key="clip").value == "mine.mp4"
    assert app.session_state["selected"].id == key
    assert app.session_state["start"]["query"] == "frame=3&threshold=0.5&overlay=flow"
    checked(app.switch_page("screens/prune.py").run())
    assert app.slider(key="threshold").value == 0.5


@pytest.mark.parametrize("objects", [(("maps.npz", b"none"),), (("a.npz", b"a"), ("b.npz", b"b"))])
def test_a_session_whose_object_maps_cannot_be_read_gives_one_line_and_the_page_stays(folder, objects):
    app = opened()
    upload(app, video(folder / "mine.mp4"))
    saved = Session.from_bytes(exporting.session(shown(app), {}))
    file = folder / "mine.peerattn"
    file.write_bytes(replace(saved, objects=objects).to_bytes())
    app = bring(opened(), file)
    assert len(app.error) == 1 and app.error[0].value.startswith(r"mine\.peerattn\: ")
    assert app.selectbox(key="clip").options == [sample.name for sample in samples()]


def test_a_saved_time_range_that_is_too_long_for_a_clip_of_unknown_length_is_cut(folder, monkeypatch):
    monkeypatch.setattr(clips, "video_information", lambda _: SimpleNamespace(duration=None))
    monkeypatch.setattr(st, "session_state", {})
    user_files._set_time_range(SimpleNamespace(id="clip"), 1.0, 500.0)
    assert st.session_state == {"stretch-clip-start": 1.0, "stretch-clip": MAX_SECONDS}


def test_choices_on_compare_are_restored_if_they_are_still_offered(folder):
    kept = {"compare": "Two clips", "second-clip": samples()[3].name, "compare-threshold": "0.3"}
    file = save(opened(), folder / "kept.peerattn", **kept)
    app = checked(bring(opened(), file).switch_page("screens/compare.py").run())
    assert app.selectbox(key="second-clip").value == samples()[3].name
    checked(app.segmented_control(key="compare").set_value("Before and after pruning").run())
    assert app.slider(key="compare-threshold").value == 0.3
    away = checked(app.switch_page("screens/prune.py").run())
    assert checked(away.switch_page("screens/compare.py").run()).slider(key="compare-threshold").value == 0.3

    strange = {"compare": "Three clips", "second-clip": "gone.mp4", "compare-threshold": "nan"}
    file = save(opened(), folder / "strange.peerattn", **strange)
    app = checked(bring(opened(), file).switch_page("screens/compare.py").run())
    assert not app.error and app.segmented_control(key="compare").value == "Two clips"


def test_a_session_with_a_sample_stores_only_its_name_and_opens_it(folder):
    app = opened(clip=samples()[2].name)
    file = save(app, folder / "sample.peerattn", frame="2")
    assert Session.from_bytes(file.read_bytes()).clip is None
    app = bring(opened(), file)
    assert not app.error and app.selectbox(key="clip").value == samples()[2].name
    assert app.selectbox(key="clip").options == [sample.name for sample in samples()]


def test_a_session_whose_checkpoint_is_missing_shows_its_trace_with_a_message(folder):
    app = opened()
    upload(app, video(folder / "mine.mp4"))
    file = save(app, folder / "mine.peerattn")
    trace = shown(app).trace.to_json()
    text = file.read_bytes()
    (folder / "gone.peerattn").write_bytes(
        Session.from_bytes(text)
        .__class__(**{**vars(Session.from_bytes(text)), "checkpoint": "gone"})
        .to_bytes()
    )
    app = bring(opened(), folder / "gone.peerattn")
    [error] = app.error
    assert "checkpoint gone of the session was not found" in error.value
    assert isinstance(shown(app), OpenedTrace) and shown(app).trace.to_json() == trace
    assert app.selectbox(key="clip").value == "mine.mp4 (trace)"


def test_a_session_whose_checkpoint_changed_warns_that_numbers_differ(folder):
    app = opened()
    upload(app, video(folder / "mine.mp4"))
    saved = Session.from_bytes(save(app, folder / "mine.peerattn").read_bytes())
    document = json.loads(saved.trace)
    document["probabilities"] = document["probabilities"][::-1]
    (folder / "mine.peerattn").write_bytes(
        saved.__class__(**{**vars(saved), "trace": json.dumps(document)}).to_bytes()
    )
    app = bring(opened(), folder / "mine.peerattn")
    checked(app.run())
    assert "numbers differ from those saved" in app.error[0].value


def test_a_trace_file_opens_and_is_downloaded_byte_for_byte(folder):
    first = opened()
    path = folder / "trace.json"
    shown(first).trace.save(path)
    app = bring(opened(), path)
    now = shown(app)
    assert isinstance(now, OpenedTrace) and not app.error
    assert now.trace.to_json().encode() == path.read_bytes()
    assert "without frames" in captions(app)
    assert app.metric[0].label == "Clip prediction"
    checked(app.switch_page("screens/prune.py").run())
    assert "A trace file contains no network and no clip" in app.info[0].value


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.json", b"{}", "this is not a trace file"),
        ("a.json", b"\xff", "not text"),
        ("a.peerattn", b"PK", "session"),
    ],
)
def test_a_wrong_trace_or_session_gives_one_line_and_the_page_stays(folder, name, content, said):
    app = opened()
    before = shown(app)
    (folder / name).write_bytes(content)
    bring(app, folder / name)
    [error] = app.error
    assert error.value.replace("\\", "").startswith(f"{name}: ") and said in error.value
    assert shown(app).trace is before.trace


def test_names_in_the_address_that_do_not_exist_are_reported(folder):
    app = opened(checkpoint="gone", clip="mine.mp4", pin="connection no_to_where", threshold="7")
    said = [warning.value.replace("\\", "") for warning in app.warning]
    assert [
        word
        for word in ("checkpoint gone", "clip mine.mp4", "threshold 7", "connection no_to_where")
        if not any(word in line for line in said)
    ] == []
    assert all("\n" not in line for line in said)
    checked(app.selectbox(key="clip").set_value(samples()[1].name).run())
    assert not app.warning


def test_a_film_is_made_and_can_be_cancelled(folder):
    app = opened()
    wanted = exporting.FilmOptions(".gif", 4.0, True)
    job = exporting.start_film(shown(app), wanted)
    job.wait(PATIENCE)
    assert job.error is None and job.results[0].startswith(b"GIF89a")
    assert exporting.film_job(shown(app), wanted) is job
    other = exporting.FilmOptions(".mp4", 1.0, False)
    job = exporting.start_film(shown(app), other)
    job.cancel()
    job.wait(PATIENCE)
    assert job.results == [] and exporting.film_job(shown(app), other) is None
