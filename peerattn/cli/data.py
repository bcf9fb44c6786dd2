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
    "How many gigabytes the cache may hold from now on, in training too "
    f"(default: as set last, at first {LIMIT // GIGABYTE})."
)

app = typer.Typer(help="Folders of labelled clips: check them, split them, decode them in advance.")

FolderArgument = Annotated[
    Path, typer.Argument(help="A folder with one subfolder per class, or with a manifest.csv.")
]
WorkersOption = Annotated[
    int | None, typer.Option(help="How many worker processes to use (default: one per CPU core).", min=0)
]


@app.command("check")
def check_command(
    folder: Annotated[
        Path,
        typer.Argument(
            help="A folder with one subfolder per class, or with a manifest.csv; or a zip of such a folder.",
            callback=as_folder,
        ),
    ],
    manifest: Annotated[
        Path | None,
        typer.Option(help="Write the clips' names, classes, splits and SHA-256 sums to this JSON file."),
    ] = None,
    workers: WorkersOption = None,
    json_file: JsonOption = None,
) -> None:
    """Report what a folder holds and everything that is wrong with it; decodes every file to its end."""
    from rich.console import Group

    from peerattn.cli import data_reports as reports
    from peerattn.data.checking import check_folder

    with progress_bar("clips") as progress:
        checked = check_folder(folder, workers=workers or None, progress=progress)
    tables = (reports.counts_table(checked), reports.decisions_table(checked))
    report(reports.folder_json(checked), Group(*tables), json_file)
    if json_file is None:
        print("\n".join([reports.summary(checked), *checked.remarks, *map(str, checked.faults)]))
    if manifest:
        text = json.dumps(checked.manifest(), indent=2, ensure_ascii=False)
        manifest.write_text(text + "\n", encoding="utf-8")
    if checked.faults:
        raise PeerattnError(f"{folder} has {len(checked.faults)} faults: fix those listed above")


@app.command("split")
def split_command(
    folder: FolderArgument,
    shares: Annotated[
        str, typer.Option(help="The splits, and what share of the clips each gets.")
    ] = "train=0.8,val=0.2",
    seed: Annotated[int, typer.Option(help="The random seed: another seed gives another split.", min=0)] = 0,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing manifest.csv.")] = False,
) -> None:
    """Write a manifest.csv with splits that share no source video, classes as even as possible."""
    from peerattn.data.folder import MANIFEST, all_files
    from peerattn.data.splitting import split_files, write_manifest

    files = split_files(all_files(folder), _shares(shares), seed=seed)
    if (folder / MANIFEST).exists() and not force:
        raise PeerattnError(f"{folder / MANIFEST} exists already: move it away, or replace it with --force")
    path = write_manifest(folder, files, replacing=force)
    counts = {split: sum(file.split == split for file in files) for split in _shares(shares)}
    print(f"{path}: {', '.join(f'{split} {count}' for split, count in counts.items())} clips")


@app.command("cache")
def cache_command(
    folder: FolderArgument,
    checkpoint: Annotated[
        str | None, typer.Option(help="Prepare the clips as this checkpoint's network reads them.")
    ] = None,
    size: Annotated[
        int, typer.Option(help="Pixels per side of the clips, if no checkpoint is given.")
    ] = ClipSettings.size,
    frame_rate: Annotated[
        float, typer.Option(help="Frames per second of the clips, if no checkpoint is given.")
    ] = ClipSettings.frame_rate,
    view: Annotated[
        str,
        typer.Option(help="Which square is cut out, if no checkpoint is given: centre or objects."),
    ] = ClipSettings.view,
    limit: Annotated[int | None, typer.Option(help=LIMIT_HELP, min=1)] = None,
    workers: WorkersOption = None,
    json_file: JsonOption = None,
) -> None:
    """Decode every clip into the cache before training needs it ($PEERATTN_CACHE, or the user's cache)."""
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
    report(reports.cache_json(done, cache), reports.cache_table(done, cache), json_file)


def _network_reading(checkpoint: str) -> dict[str, Any]:
    """Return the arguments of `FolderClips` with which the checkpoint's network reads clips."""
    from peerattn.checkpoints.resolving import resolve
    from peerattn.modalities.segmenter import segmenter_for, segmenter_name

    loaded = resolve(checkpoint)
    modalities = loaded.structure.read_modalities
    segmenter = segmenter_for(segmenter_name(loaded.card), modalities)
    return {"modalities": modalities, "settings": loaded.settings, "segmenter": segmenter}


def _plain_reading(files: Sequence[LabelledFile], settings: ClipSettings) -> dict[str, Any]:
    """Return the arguments of `FolderClips` for frames, and for object maps where every clip has them."""
    from peerattn.graph.specs import Modality

    ids = tuple(range(1, 256))
    maps = Modality("object", len(ids), tuple(f"class {number}" for number in ids), ids)
    modalities = [Modality("rgb", 3), *([maps] if all(file.objects for file in files) else [])]
    return {"modalities": modalities, "settings": settings}


def _shares(text: str) -> dict[str, float]:
    """Parse `train=0.8,val=0.2` into split → share."""
    try:
        pairs = [part.split("=") for part in text.split(",")]
        shares = {name.strip(): float(share) for name, share in pairs}
    except ValueError:
        raise PeerattnError(f"--shares {text!r} is not of the form train=0.8,val=0.2") from None
    if len(shares) < len(pairs):
        raise PeerattnError(f"--shares {text!r} names a split twice: name each split once")
    return shares
