"""Finds photos in folders, by content and by extension, and says what it left out and why.

Nothing is decoded: a photo that is broken is still found, so that developing it can say what is wrong with it.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from junmai import errors
from junmai.develop.sniff import RAW_EXTENSIONS, Kind, sniff

PICTURE_EXTENSIONS: dict[str, Kind] = {
    **dict.fromkeys((".jpg", ".jpeg", ".jpe", ".jfif", ".jif", ".mpo"), "jpeg"),
    **dict.fromkeys((".tif", ".tiff"), "tiff"),
    **dict.fromkeys((".heic", ".heif", ".hif", ".heics", ".heifs", ".avif", ".avifs"), "heif"),
    ".png": "png",
    ".webp": "webp",
}
COMPANION_EXTENSIONS = frozenset((".xmp",))
"""Read together with their photo, hence neither photos nor left out."""

_JUNK_FILES = frozenset(("thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r"))
_JUNK_FOLDERS = frozenset(
    (
        "@eadir",
        "#recycle",
        "#snapshot",
        "$recycle.bin",
        "recycler",
        "system volume information",
        "__macosx",
        "lost+found",
    )
)
_CATALOGS: tuple[tuple[str, str], ...] = (
    (".lrdata", "previews of a Lightroom catalog"),
    (".lrcat-data", "data of a Lightroom catalog"),
    (".cocatalog", "a Capture One catalog; export its originals to a folder first"),
    (".photoslibrary", "an Apple Photos library; export its originals to a folder first"),
    (".photolibrary", "an iPhoto library; export its originals to a folder first"),
    (".aplibrary", "an Aperture library; export its originals to a folder first"),
)
_CAPTURE_ONE = "captureone"  # beside the photos of a Capture One session; holds previews and settings

_OTHERS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"GIF8", "a GIF picture"),
    (0, b"BM", "a BMP picture"),
    (0, b"8BPS", "a Photoshop document"),
    (0, b"8BPB", "a Photoshop document"),
    (0, b"\xff\x0a", "a JPEG XL picture"),
    (4, b"JXL ", "a JPEG XL picture"),
    (4, b"jP  ", "a JPEG 2000 picture"),
    (4, b"ftyp", "a video"),
    (4, b"moov", "a video"),
    (8, b"AVI ", "a video"),
    (0, b"\x1aE\xdf\xa3", "a video"),
    (8, b"WAVE", "a sound"),
    (0, b"ID3", "a sound"),
    (0, b"%PDF", "a PDF document"),
    (0, b"PK\x03\x04", "a ZIP archive"),
    (0, b"SQLite format 3", "a database"),
)


@dataclass(frozen=True, slots=True)
class FoundPhoto:
    """A file that is a photo by content or by extension. `kind` is by content where that tells.

    `path` is absolute, spelled as the source was given (links are not resolved). `root` is the source that it was
    found under: a folder, or the folder of a file that was named itself. `size` is in bytes.
    """

    path: Path
    root: Path
    kind: Kind
    size: int
    mtime_ns: int
    inode: int


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file or folder that was not taken, and why: a clause without a full stop ("not a photo (a video)")."""

    path: Path
    reason: str
    unreadable: bool = False
    """It may well hold photos, but could not be opened: the user has to be told, and scripts too."""


Found = FoundPhoto | LeftOut
LeaveOut = Callable[[Path], str | None]


def scan(sources: Sequence[Path], *, leave_out: LeaveOut = lambda _: None) -> Iterator[Found]:
    """Find the photos under `sources` (files and folders, folders with all that is in them).

    The order is the same every time: source by source, in each folder its files by name, then its folders by
    name; what is reached through links comes last. Each real file comes once, however many sources and links lead
    to it. `leave_out` is asked for each file and folder with its absolute path; a sentence from it leaves the file,
    or the folder with all that is in it, out with that reason. Hidden files and folders and the litter of operating
    systems are passed over in silence, but not if they are themselves a source.

    Raises SourceFolderUnreadable before anything is found if a source is not there or cannot be opened.
    """
    roots = [Path(os.path.abspath(source)) for source in sources]  # Path.resolve would follow links
    for root in roots:
        _check_source(root)
    return _Walk(leave_out).run(roots)


def shown(path: Path) -> str:
    """A path as text that can be printed and stored, whatever bytes are in its name."""
    return str(path).encode("utf-8", "backslashreplace").decode("utf-8")


def _check_source(root: Path) -> None:
    try:
        if root.is_dir():
            with os.scandir(root) as entries:
                next(entries, None)
        else:
            root.stat()
    except (OSError, ValueError) as error:
        why = _why(error)
        if isinstance(error, FileNotFoundError) and any(sign in root.name for sign in "*?"):
            why = "no file fits the pattern"  # a shell leaves it as it is where nothing does
        raise errors.SourceFolderUnreadable(path=shown(root), detail=why) from error


def _why(error: OSError | ValueError) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is nothing there"
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


# --- walking -------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Walk:
    """One scan: what was seen, and the links that wait until everything real was seen."""

    leave_out: LeaveOut
    seen: set[str] = field(default_factory=set)
    """Real paths of the folders walked, and of the files taken outside of them."""
    links: list[tuple[Path, Path]] = field(default_factory=list)

    def run(self, roots: Iterable[Path]) -> Iterator[Found]:
        for root in roots:
            if root.is_dir():
                yield from self._folder(root, root)
            else:
                yield from self._linked_or_named(root, root.parent)
        while self.links:
            link, root = self.links.pop(0)
            if link.is_dir():
                yield from self._folder(link, root)
            else:
                yield from self._linked_or_named(link, root)

    def _folder(self, top: Path, root: Path) -> Iterator[Found]:
        """A folder and all folders in it, without recursion: nesting has no limit."""
        pending = [top]
        while pending:
            folder = pending.pop()
            reason = self.leave_out(folder)
            if reason:
                yield LeftOut(folder, reason)
                continue
            real = os.path.realpath(folder)
            if real in self.seen:
                continue
            self.seen.add(real)
            below: list[Path] = []
            yield from self._entries(folder, real, root, below)
            pending.extend(reversed(below))

    def _entries(self, folder: Path, real: str, root: Path, below: list[Path]) -> Iterator[Found]:
        try:
            with os.scandir(folder) as scanned:
                entries = sorted(scanned, key=lambda entry: entry.name)
        except OSError as error:
            yield LeftOut(folder, f"the folder cannot be opened ({_why(error)}); check its permissions", True)
            return
        for entry in entries:
            name = entry.name.lower()
            if name.startswith(".") or name in _JUNK_FILES or name in _JUNK_FOLDERS:
                continue
            path = folder / entry.name
            try:
                if entry.is_symlink():
                    self.links.append((path, root))
                elif entry.is_dir():
                    yield from self._subfolder(path, name, below)
                elif os.path.join(real, entry.name) not in self.seen:  # noqa: PTH118 - text, as `seen` holds it
                    yield from self._file(path, root, entry.stat())
            except OSError as error:
                yield LeftOut(path, f"it cannot be read ({_why(error)}); check its permissions", True)

    def _subfolder(self, path: Path, name: str, below: list[Path]) -> Iterator[Found]:
        catalog = next((words for ending, words in _CATALOGS if name.endswith(ending)), None)
        if name == _CAPTURE_ONE:
            catalog = "previews and settings of Capture One"
        if catalog:
            yield LeftOut(path, catalog)
        else:
            below.append(path)

    def _linked_or_named(self, path: Path, root: Path) -> Iterator[Found]:
        """A file that no walked folder holds as its own: a link, or a source."""
        try:
            state = path.stat()
        except (OSError, ValueError) as error:
            yield LeftOut(path, f"the link leads nowhere ({_why(error)})")
            return
        real = os.path.realpath(path)
        if real in self.seen or os.path.dirname(real) in self.seen:  # noqa: PTH120 - text is compared with text
            if path.is_symlink():
                yield LeftOut(path, f"a link to {shown(Path(real))}, which is there already")
            return
        self.seen.add(real)
        yield from self._file(path, root, state)

    # --- one file ---

    def _file(self, path: Path, root: Path, state: os.stat_result) -> Iterator[Found]:
        extension = os.path.splitext(path.name)[1].lower()  # noqa: PTH122 - quicker, and this runs for every file
        if extension in COMPANION_EXTENSIONS:
            return
        reason = self.leave_out(path) or _unfit(path, state)
        if reason:
            yield LeftOut(path, reason)
            return
        kind = kind_of(path, extension)
        if isinstance(kind, LeftOut):
            yield kind
        else:
            yield FoundPhoto(path, root, kind, state.st_size, state.st_mtime_ns, state.st_ino)


def _unfit(path: Path, state: os.stat_result) -> str | None:
    if not stat.S_ISREG(state.st_mode):
        return "not a file (a pipe, socket or device)"  # opening it could block for ever
    try:
        str(path).encode("utf-8")
    except UnicodeEncodeError:
        return "its name or its folder's is not valid Unicode; rename it"
    return None


def kind_of(path: Path, extension: str) -> Kind | LeftOut:
    """What the file is by content, else by its lower-case extension; reads a few KB. Never raises."""
    by_name = PICTURE_EXTENSIONS.get(extension) or ("raw" if extension in RAW_EXTENSIONS else None)
    try:
        with path.open("rb") as stream:
            kind = sniff(stream, path.name).kind
            if kind != "other":
                return kind
            stream.seek(0)
            head = stream.read(16)
    except (OSError, ValueError) as error:
        return by_name or LeftOut(path, f"it cannot be read ({_why(error)}); check its permissions", True)
    if by_name:
        return by_name
    words = next((words for at, magic, words in _OTHERS if head[at : at + len(magic)] == magic), None)
    if not head:
        words = "an empty file"
    return LeftOut(path, f"not a photo ({words})" if words else "not a photo")
