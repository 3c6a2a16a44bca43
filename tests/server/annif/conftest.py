"""A server with projects like those of the Annif whose answers were recorded, from files as Annif reads them."""

from __future__ import annotations

import random
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import QUICK

from tagwright.project import Project

# subject -> (its names in English and Finnish, notation, words that its documents use)
SUBJECTS = {
    "bees": ("Beekeeping", "Mehiläishoito", "638.1", "hive honey swarm colony queen pollen"),
    "soil": ("Soil erosion", "Maaperän eroosio", "", "wind loess slope topsoil runoff sediment"),
    "bread": ("Baking", "Leivonta", "664.6", "dough oven yeast flour crust loaf"),
    "trains": ("Railways", "Rautatiet", "385", "train track station signal locomotive platform"),
    "tax": ("Taxation", "Verotus", "", "income levy revenue deduction rate treasury"),
    "birds": ("Bird migration", "Lintujen muutto", "", "flock wings nest south winter feathers"),
    "glass": ("Glass blowing", "Lasinpuhallus", "666.1", "furnace molten pipe kiln cooling vase"),
    "chess": ("Chess", "Shakki", "794.1", "opening knight bishop endgame pawn board"),
    "water": ("Water supply", "Vesihuolto", "", "pipe well reservoir filter pump pressure"),
    "maps": ("Cartography", "Kartografia", "526", "scale projection contour atlas survey compass"),
    "tea": ("Tea", "Tee", "", "leaf cup oolong brewing harvest kettle"),
    "law": ("Contract law", "Sopimusoikeus", "", "party clause breach court remedy obligation"),
}
FILLER = "town year people small early report local history guide notes work summer house story common long".split()
# folder, which is the id -> (vocabulary, what its settings say)
PROJECTS = {
    "dummy-fi": ("dummy.csv", '[server]\nname = "Dummy Finnish"\nlanguage = "fi"\nlearn = true\n'),
    "dummy-en": ("dummy.csv", '[server]\nname = "Dummy English"\nlanguage = "en"\n'),
    "yso-mllm-en": ("shelf.csv", "[server]\nlearn = true\n[channels]\nlexical = false\n"),  # not as it was trained
    "novocab": ("finnish.csv", '[server]\nlanguage = "en"\nvocabulary = "nonexist"\n'),
    "shelf-tfidf-en": ("shelf.csv", '[server]\nname = "Shelf"\n'),
    "shelf-mllm-en": ("shelf.csv", ""),
}


def write_annif_files(folder: Path) -> None:
    """Vocabularies (CSV) and a corpus (TSV) in Annif's formats."""
    rows = [f"<http://example.org/shelf/{id}>,{en},{fi},{code}\n" for id, (en, fi, code, _) in SUBJECTS.items()]
    (folder / "shelf.csv").write_text(f"uri,label_en,label_fi,notation\n{''.join(rows)}", encoding="utf-8")
    dummy = ["<http://example.org/dummy>,dummy,dummy-fi\n", "<http://example.org/none>,none,none-fi\n"]
    (folder / "dummy.csv").write_text(f"uri,label_en,label_fi\n{''.join(dummy)}", encoding="utf-8")
    (folder / "finnish.csv").write_text(f"uri,label_fi\n{dummy[0].replace('dummy,', '')}", encoding="utf-8")
    (folder / "shelf.tsv").write_text("".join(_line(random.Random(n)) for n in range(144)), encoding="utf-8")
    words = "hello x a b c d fox none of them".split()
    pair = ["<http://example.org/dummy>", "<http://example.org/none>"]
    lines = [f"{' '.join(words)} {n}\t{' '.join(pair if n % 3 else pair[:1])}\n" for n in range(30)]
    (folder / "dummy.tsv").write_text("".join(lines), encoding="utf-8")


def _line(chance: random.Random) -> str:
    """A document of one or two subjects; not all are named, and some say a word that belongs to another one."""
    about = chance.sample(list(SUBJECTS), chance.choice([1, 1, 2]))
    words = chance.sample(FILLER, chance.randint(3, 9))
    for id in about:
        words += chance.sample(SUBJECTS[id][3].split(), chance.randint(1, 5))
        words += [SUBJECTS[id][0]] * chance.randint(0, 1)
    words += SUBJECTS[chance.choice(list(SUBJECTS))][3].split()[:1] * chance.randint(0, 1)
    chance.shuffle(words)
    return f"{' '.join(words)}.\t{' '.join(f'<http://example.org/shelf/{id}>' for id in about)}\n"


@pytest.fixture(scope="session")
def shelves(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a project of each of `PROJECTS`, not to be written into."""
    pytest.importorskip("fastapi", reason="the extra 'server' is not installed")
    folder = tmp_path_factory.mktemp("annif")
    write_annif_files(folder)
    for vocabulary in ("shelf.csv", "dummy.csv", "finnish.csv"):
        made = folder / f"trained-{vocabulary}"
        with Project.create(made, folder / vocabulary, language="fi" if vocabulary == "finnish.csv" else "en") as one:
            corpus = folder / vocabulary.replace("csv", "tsv")
            (made / "tagwright.toml").write_text(QUICK, encoding="utf-8")
            if corpus.exists():
                one.train(corpus)
    for id, (vocabulary, settings) in PROJECTS.items():
        shutil.copytree(folder / f"trained-{vocabulary}", folder / "served" / id)
        (folder / "served" / id / "tagwright.toml").write_text(f"{settings}{QUICK}", encoding="utf-8")
    return folder / "served"


@dataclass
class Said:
    """What a server answered."""

    status: int
    headers: dict[str, str]
    body: Any = field(repr=False)


Ask = Callable[..., Said]


@pytest.fixture(scope="session")
def house(shelves: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The projects in a server, for tests that read only."""
    from tagwright.server.house import House
    from tagwright.server.served import Served

    made = House([Served.open(shelves / id) for id in PROJECTS])
    yield made
    made.stop()


@pytest.fixture(scope="session")
def client(house: Any) -> Any:
    """A client of the application."""
    return client_of(house)


def client_of(house: Any) -> Any:
    """A client of an application for these projects, which comes from a program of the same machine."""
    from starlette.testclient import TestClient

    from tagwright.server.app import create

    return TestClient(create(house), base_url="http://127.0.0.1:5123", follow_redirects=False)


@pytest.fixture
def own(shelves: Path, tmp_path: Path) -> Iterator[Any]:
    """A server with a project "shelf-tfidf-en" that learns and one "dummy-en" that does not, to be changed."""
    from tagwright.server.house import House
    from tagwright.server.served import Served

    folders = [shutil.copytree(shelves / id, tmp_path / id) for id in ("shelf-tfidf-en", "dummy-en")]
    made = House([Served.open(folders[0], overrides=["server.learn=true"]), Served.open(folders[1])])
    yield made
    made.stop()


@pytest.fixture
def own_client(own: Any) -> Any:
    """A client of that server."""
    return client_of(own)


@pytest.fixture
def address(own: Any) -> Iterator[str]:
    """The address of a real server of `own`, up to ``/v1/``."""
    import uvicorn

    from tagwright.server.app import create

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(create(own), port=port, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    end = time.monotonic() + 30
    while not server.started and time.monotonic() < end:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{port}/v1/"
    server.should_exit = True
    thread.join(30)
