"""Books that are broken, hostile or no books: a clear error each, and nothing outside is read."""

import io
import zipfile
from pathlib import Path

import pytest

from shared.books import files, xmlfile
from shared.books.opening import open_book
from shared.errors import InvalidBook
from tests.book_files import document, write_book

GOOD = document("<para>Some words.</para>")


def code_of(path: Path) -> str:
    with pytest.raises(InvalidBook) as error:
        open_book(path)
    return error.value.code


def test_broken_xml_is_named_with_file_and_line(tmp_path: Path) -> None:
    write_book(tmp_path, {"m0001": GOOD, "m0002": "<document>\n<title>x</title>\n<content>\n</document>"})
    with pytest.raises(InvalidBook, match=r"modules/m0002/index\.cnxml, line 4") as error:
        open_book(tmp_path)
    assert error.value.code == "book_not_well_formed"
    assert error.value.details == {"file": "modules/m0002/index.cnxml", "line": 4}


def test_a_folder_without_collection(tmp_path: Path) -> None:
    assert code_of(tmp_path) == "book_without_collection"


def test_a_collection_file_that_is_none(tmp_path: Path) -> None:
    write_book(tmp_path, {"m0001": GOOD})
    (tmp_path / "collections" / "small.collection.xml").write_text("<other/>")
    assert code_of(tmp_path) == "book_without_collection"


def test_a_module_that_is_missing_is_named(tmp_path: Path) -> None:
    write_book(tmp_path, {"m0001": GOOD, "m0002": GOOD})
    (tmp_path / "modules" / "m0002" / "index.cnxml").unlink()
    with pytest.raises(InvalidBook, match="m0002") as error:
        open_book(tmp_path)
    assert error.value.code == "book_module_missing"


@pytest.mark.parametrize("name", ["../../etc", "", "a/b"])
def test_a_module_name_cannot_leave_the_folder(tmp_path: Path, name: str) -> None:
    write_book(tmp_path, {"m0001": GOOD}, contents=f'<col:module document="{name}"/>')
    assert code_of(tmp_path) == "book_module_missing"


def test_a_book_without_text_is_empty(tmp_path: Path) -> None:
    assert code_of(write_book(tmp_path, {"m0001": document("")})) == "book_empty"


def test_a_table_of_contents_without_modules_is_empty(tmp_path: Path) -> None:
    assert code_of(write_book(tmp_path, {"m0001": GOOD}, contents="")) == "book_empty"


def test_several_books_in_one_folder_have_to_be_told_apart(tmp_path: Path) -> None:
    write_book(tmp_path, {"m0001": GOOD}, slug="one")
    write_book(tmp_path, {"m0001": GOOD}, slug="two")
    assert code_of(tmp_path) == "book_ambiguous"
    assert open_book(tmp_path / "collections" / "two.collection.xml").slug == "two"


@pytest.mark.parametrize("name", ["missing", "picture.png"])
def test_what_is_no_book_is_unreadable(tmp_path: Path, name: str) -> None:
    (tmp_path / "picture.png").write_bytes(b"\x89PNG")
    assert code_of(tmp_path / name) == "book_unreadable"


def test_entities_are_refused_and_no_file_is_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("a secret")
    hostile = f'<!DOCTYPE d [<!ENTITY x SYSTEM "{secret.as_uri()}">]>\n' + document("<para>&x;</para>")
    write_book(tmp_path / "book", {"m0001": hostile})
    assert code_of(tmp_path / "book") == "book_not_well_formed"


def test_entities_that_grow_are_refused(tmp_path: Path) -> None:
    entities = '<!ENTITY a "ha">' + "".join(
        f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    hostile = f"<!DOCTYPE d [{entities}]>\n" + document("<para>&i;</para>")
    assert code_of(write_book(tmp_path, {"m0001": hostile})) == "book_not_well_formed"


def test_elements_nested_without_end_are_refused(tmp_path: Path) -> None:
    deep = document("<section>" * 150 + "<para>Words.</para>" + "</section>" * 150)
    assert code_of(write_book(tmp_path, {"m0001": deep})) == "book_not_well_formed"


def test_elements_nested_to_the_limit_are_read(tmp_path: Path) -> None:
    depth = xmlfile.MAXIMUM_DEPTH - 4
    math = "<m:mrow>" * depth + "<m:mi>x</m:mi>" + "</m:mrow>" * depth
    book = open_book(write_book(tmp_path, {"m0001": document(f"<para><m:math>{math[8:-9]}</m:math> is.</para>")}))
    assert next(book.passages()).text == "$x$ is."


def test_a_file_beyond_the_limit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAXIMUM_BYTES", 100)
    assert code_of(write_book(tmp_path, {"m0001": GOOD})) == "book_unreadable"


def test_xml_beyond_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xmlfile, "MAXIMUM_BYTES", 10)
    with pytest.raises(InvalidBook, match="larger"):
        xmlfile.parse(b"<a>long enough</a>", name="a.xml")


def zipped(folder: Path, target: Path, *, root: str = "") -> Path:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, root + path.relative_to(folder).as_posix())
    return target


@pytest.mark.parametrize("root", ["", "osbooks-small-main/"])
def test_an_archive_is_read_like_a_folder(tmp_path: Path, root: str) -> None:
    folder = write_book(tmp_path / "book", {"m0001": GOOD})
    archive = open_book(zipped(folder, tmp_path / "book.zip", root=root))
    assert archive.content_hash() == open_book(folder).content_hash()


@pytest.mark.parametrize("name", ["../outside/index.cnxml", "/etc/x/index.cnxml", "C:/x/index.cnxml"])
def test_an_archive_that_names_files_outside_is_refused(tmp_path: Path, name: str) -> None:
    path = zipped(write_book(tmp_path / "book", {"m0001": GOOD}), tmp_path / "book.zip")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(name, "x")
    assert code_of(path) == "book_unreadable"


def test_a_member_that_unpacks_beyond_the_limit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAXIMUM_BYTES", 50_000)
    bomb = document(f"<para>{'a' * 1_000_000}</para>")
    path = zipped(write_book(tmp_path / "book", {"m0001": bomb}), tmp_path / "book.zip")
    assert path.stat().st_size < 10_000
    assert code_of(path) == "book_unreadable"


def test_an_archive_that_unpacks_beyond_the_limit_in_all_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MAXIMUM_TOTAL_BYTES", 1_500)
    modules = {f"m000{number}": GOOD for number in range(5)}
    path = zipped(write_book(tmp_path / "book", modules), tmp_path / "book.zip")
    assert code_of(path) == "book_unreadable"


def test_an_archive_with_too_many_members_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAXIMUM_MEMBERS", 1)
    assert code_of(zipped(write_book(tmp_path / "book", {"m0001": GOOD}), tmp_path / "b.zip")) == "book_unreadable"


@pytest.mark.parametrize("damage", [b"not a zip at all", b""])
def test_a_damaged_archive_is_unreadable(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "book.zip").write_bytes(damage)
    assert code_of(tmp_path / "book.zip") == "book_unreadable"


def test_an_archive_with_damaged_data_is_unreadable(tmp_path: Path) -> None:
    path = zipped(write_book(tmp_path / "book", {"m0001": GOOD}), tmp_path / "book.zip")
    data = bytearray(path.read_bytes())
    data[60:90] = b"\xff" * 30
    path.write_bytes(data)
    assert code_of(path) == "book_unreadable"


def test_an_encrypted_archive_is_unreadable(tmp_path: Path) -> None:
    path = zipped(write_book(tmp_path / "book", {"m0001": GOOD}), tmp_path / "book.zip")
    data = bytearray(path.read_bytes())
    central = data.index(b"PK\x01\x02")
    data[6] |= 1
    data[central + 8] |= 1
    path.write_bytes(data)
    assert code_of(path) == "book_unreadable"


def test_an_archive_of_something_else_has_no_collection(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("readme.txt", "hello")
    (tmp_path / "x.zip").write_bytes(buffer.getvalue())
    assert code_of(tmp_path / "x.zip") == "book_without_collection"
