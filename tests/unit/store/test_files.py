"""Files are whole or not there, under the hash of what is in them."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cleo.domain.content import FileId
from cleo.domain.errors import FetchError, StoreError
from cleo.ports import Files
from cleo.store import DiskFiles


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        await asyncio.sleep(0)
        yield part


def everything(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.is_file() or path.is_symlink())


async def test_a_file_is_found_by_its_hash_and_kept_once(tmp_path: Path) -> None:
    files: Files = DiskFiles(tmp_path / "files")
    file = await files.keep(chunks(b"hel", b"", b"lo"), 5)
    assert file == hashlib.sha256(b"hello").hexdigest()
    assert files.path(file).read_bytes() == b"hello"
    assert await files.keep(chunks(b"hello"), 5) == file
    assert everything(tmp_path) == [files.path(file)]
    assert DiskFiles(tmp_path / "files").path(file).read_bytes() == b"hello"


async def test_empty_files_are_files(tmp_path: Path) -> None:
    files = DiskFiles(tmp_path)
    assert files.path(await files.keep(chunks(), 0)).read_bytes() == b""


async def test_a_file_that_is_too_large_is_stopped_while_it_comes(tmp_path: Path) -> None:
    files = DiskFiles(tmp_path)
    given = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal given
        while True:
            given += 1
            yield bytes(1000)

    with pytest.raises(FetchError, match="CLEO_FILE_MAX_BYTES"):
        await files.keep(endless(), 9_999)
    assert given == 10
    assert everything(tmp_path) == []


async def test_a_file_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    files = DiskFiles(tmp_path)

    async def broken() -> AsyncIterator[bytes]:
        yield b"half"
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError):
        await files.keep(broken(), 100)
    assert everything(tmp_path) == []


async def test_what_a_kill_left_behind_is_cleared_away(tmp_path: Path) -> None:
    DiskFiles(tmp_path)
    (tmp_path / "arriving" / "half").write_bytes(b"half")
    DiskFiles(tmp_path)
    assert everything(tmp_path) == []


def test_where_others_write_too_only_what_is_old_is_a_leftover(tmp_path: Path) -> None:
    arriving = tmp_path / "arriving"
    arriving.mkdir()
    (arriving / "theirs").write_bytes(b"half")
    (arriving / "abandoned").write_bytes(b"half")
    os.utime(arriving / "abandoned", (1e9, 1e9))
    DiskFiles(tmp_path, shared=True)
    assert everything(tmp_path) == [arriving / "theirs"]


async def test_many_of_the_same_at_once_are_one(tmp_path: Path) -> None:
    files = DiskFiles(tmp_path)
    ids = await asyncio.gather(*(files.keep(chunks(b"a" * 1000, b"b" * 1000), 9999) for _ in range(20)))
    assert len(set(ids)) == 1
    assert everything(tmp_path) == [files.path(ids[0])]


@pytest.mark.parametrize(
    "name", ["", "..", "../../etc/passwd", "a" * 63, "A" * 64, "a" * 64, "a" * 64 + "\n", "/"]
)
def test_only_ids_of_kept_files_have_a_path(tmp_path: Path, name: str) -> None:
    with pytest.raises(KeyError):
        DiskFiles(tmp_path).path(FileId(name))


@pytest.mark.skipif(os.name == "nt", reason="POSIX file modes and links")
async def test_nobody_else_reads_them_and_no_link_is_followed(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        files = DiskFiles(tmp_path / "files")
        path = files.path(await files.keep(chunks(b"private"), 100))
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "files").rglob("*") if path.is_dir()} == {
        0o700
    }
    secret = tmp_path / "secret"
    secret.write_text("of somebody else")
    path.unlink()
    path.symlink_to(secret)
    with pytest.raises(KeyError):
        files.path(FileId(path.name))
    await files.keep(chunks(b"private"), 100)
    assert (path.read_bytes(), secret.read_text()) == (b"private", "of somebody else")


async def test_a_disk_that_says_no_is_explained(tmp_path: Path) -> None:
    files = DiskFiles(tmp_path)
    (tmp_path / "arriving").rmdir()
    with pytest.raises(StoreError, match="CLEO_DATA"):
        await files.keep(chunks(b"x"), 1)
