"""The commands about folders of labelled clips: `data check`, `data split`, `data cache`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from peerattn.cli.console import JsonOption, as_folder, progress_bar, report
from peerattn.data.cache_folder import GIGABYTE, LIMIT, default_folder
from peerattn.errors import PeerattnError
from peerattn.modalities.settings import ClipSettings

if TYPE_CHECKING:
    from peerattn.data.folder import LabelledFile

LIMIT_HELP = (
    "Gigabytes that the cache may hold from now on, in training too "
    f"(without it: what was given last, at first {LIMIT // GIGABYTE})."
)

app = typer.Typer(help="Folders of labelled clips: check them, split them, decode them once.")

FolderArgument = Annotated[
    Path, typer.Argument(help="A folder with a folder a class, or with a manifest.csv.")
]
WorkersOption = Annotated[int | None, typer.Option(help="Worker processes (default: one a core).", min=0)]


@app.command("check")
def check_command(
    folder: Annotated[
        Path,
        typer.Argument(
            help="A folder with a folder a class, or with a manifest.csv; or a zip of one.",
            callback=as_folder,
        ),
    ],
    manifest: Annotated[
        Path | None, typer.Option(help="Write names, classes, splits and sha256 to this JSON file.")
    ] = None,
    workers: WorkersOption = None,
    json_file: JsonOption = None,
) -> None:
    """What is in a folder and everything that is wrong with it; reads every file to its end."""
    from rich.console import Group

    from peerattn.cli import data_reports as reports
    from peerattn.data.checking import check_folder

    with progress_bar("clips") as progress:
        found = check_folder(folder, workers=workers or None, progress=progress)
    tables = (reports.counts_table(found), reports.deciding_table(found))
    report(reports.checked(found), Group(*tables), json_file)
    if json_file is None:
        print("\n".join([reports.summary(found), *found.remarks, *map(str, found.faults)]))
    if manifest:
        text = json.dumps(found.manifest(), indent=2, ensure_ascii=False)
        manifest.write_text(text + "\n", encoding="utf-8")
    if found.faults:
        raise PeerattnError(f"{folder} has {len(found.faults)} faults: mend what is listed")


@app.command("split")
def split_command(
    folder: FolderArgument,
    shares: Annotated[str, typer.Option(help="The splits and their shares.")] = "train=0.8,val=0.2",
    seed: Annotated[int, typer.Option(help="Which of the possible splits.", min=0)] = 0,
    force: Annotated[bool, typer.Option("--force", help="Replace a manifest.csv that is there.")] = False,
) -> None:
    """Write a manifest.csv whose splits share no source video (group), classes as even as groups allow."""
    from peerattn.data.folder import all_files
    from peerattn.data.splitting import split_files, write_manifest

    files = split_files(all_files(folder), _shares(shares), seed=seed)
    path = write_manifest(folder, files, replacing=force)
    counts = {split: sum(file.split == split for file in files) for split in _shares(shares)}
    print(f"{path}: {', '.join(f'{split} {count}' for split, count in counts.items())} clips")


@app.command("cache")
def cache_command(
    folder: FolderArgument,
    checkpoint: Annotated[
        str | None, typer.Option(help="Prepare the clips as this checkpoint's network reads them.")
    ] = None,
    size: Annotated[int, typer.Option(help="Without a checkpoint: px a side.")] = ClipSettings.size,
    frame_rate: Annotated[
        float, typer.Option(help="Without a checkpoint: frames/s.")
    ] = ClipSettings.frame_rate,
    view: Annotated[
        str, typer.Option(help="Without a checkpoint: the square that is read, centre or objects.")
    ] = ClipSettings.view,
    limit: Annotated[int | None, typer.Option(help=LIMIT_HELP, min=1)] = None,
    workers: WorkersOption = None,
    json_file: JsonOption = None,
) -> None:
    """Decode every clip once, into the cache ($PEERATTN_CACHE, else the user's own), before training does."""
    from peerattn.cli import data_reports as reports
    from peerattn.data.cache import Cache
    from peerattn.data.clips import FolderClips
    from peerattn.data.folder import all_files
    from peerattn.data.warming import warm_cache

    files = all_files(folder)
    cache = Cache(default_folder())
    if limit:
        cache.set_limit(limit * GIGABYTE)
    settings = ClipSettings(size=size, frame_rate=frame_rate, view=view)
    reading = _network_reading(checkpoint) if checkpoint else _plain_reading(files, settings)
    names = sorted({label for file in files for label in file.labels})
    source = FolderClips(files, names, cache=cache, **reading)
    with progress_bar("clips") as progress:
        done = warm_cache(source, workers=workers, progress=progress)
    for name, fault in done.skipped.items():
        typer.echo(f"skipped {name}: {fault}", err=True)
    report(reports.warmed(done, cache), reports.warmed_table(done, cache), json_file)


def _network_reading(checkpoint: str) -> dict[str, Any]:
    """What a network reads, and how."""
    from peerattn.checkpoints.resolving import resolve
    from peerattn.modalities.segmenter import segmenter_for, segmenter_name

    loaded = resolve(checkpoint)
    modalities = loaded.structure.read_modalities
    segmenter = segmenter_for(segmenter_name(loaded.card), modalities)
    return {"modalities": modalities, "settings": loaded.settings, "segmenter": segmenter}


def _plain_reading(files: Sequence[LabelledFile], settings: ClipSettings) -> dict[str, Any]:
    """Frames, and maps of any classes where every clip has them."""
    from peerattn.graph.specs import Modality

    ids = tuple(range(1, 256))
    maps = Modality("object", len(ids), tuple(f"class {number}" for number in ids), ids)
    modalities = [Modality("rgb", 3), *([maps] if all(file.objects for file in files) else [])]
    return {"modalities": modalities, "settings": settings}


def _shares(text: str) -> dict[str, float]:
    """`train=0.8,val=0.2` as split → share."""
    try:
        pairs = [part.split("=") for part in text.split(",")]
        shares = {name.strip(): float(share) for name, share in pairs}
    except ValueError:
        raise PeerattnError(f"--shares {text!r} is not of the form train=0.8,val=0.2") from None
    if len(shares) < len(pairs):
        raise PeerattnError(f"--shares {text!r} names a split twice: give each once")
    return shares
