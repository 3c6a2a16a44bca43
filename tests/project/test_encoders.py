"""A project with an encoder of its own: copied in, checked, its vectors kept; moved and copied like any other."""

from __future__ import annotations

import hashlib
import importlib.util
import random
import shutil
import sqlite3
from pathlib import Path

import pytest

from tagwright.encoders.folder import MODEL, TOKENIZER, Manifest
from tagwright.encoders.onnx import Onnx
from tagwright.errors import IntegrityError
from tagwright.project import Project
from tagwright.types import Document, Tag
from tagwright.vocabulary import Vocabulary

TAGS = Vocabulary.from_tags([Tag("t:bees", "Beekeeping"), Tag("t:soil", "Soil erosion"), Tag("t:rail", "Railways")])
WORDS = {"t:bees": "bees hive honey", "t:soil": "soil wind erosion", "t:rail": "railways station"}


def documents(n: int = 24) -> list[Document]:
    chance = random.Random(0)
    tags = [chance.choice(list(WORDS)) for _ in range(n)]
    return [
        Document(f"d{i}", f"{' '.join(chance.choices(WORDS[t].split(), k=5))} {i}", tags=(t,))
        for i, t in enumerate(tags)
    ]


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An encoder folder with a model of a few numbers, made as the encoders' own tests make it."""
    for library in ("onnx", "onnxruntime", "tokenizers"):
        pytest.importorskip(library, reason=f"{library} is not installed")
    place = Path(__file__).parents[1] / "encoders" / "conftest.py"
    spec = importlib.util.spec_from_file_location("encoders_conftest", place)
    assert spec is not None
    assert spec.loader is not None
    makers = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(makers)
    folder = tmp_path_factory.mktemp("tiny") / "model"
    folder.mkdir()
    makers.write_tokenizer(folder / TOKENIZER)
    makers.write_model(folder / MODEL)
    files = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in (MODEL, TOKENIZER)}
    Manifest(source="tiny", width=8, max_length=16, pooling="mean", precision="float32", files=files).write(folder)
    return folder


@pytest.fixture
def project(tiny: Path, tmp_path: Path) -> Path:
    """A project with that encoder, trained; the encoder it was made from is gone."""
    source = Path(shutil.copytree(tiny, tmp_path / "source"))
    folder = tmp_path / "project"
    Project.create(folder, TAGS, encoder=str(source)).close()
    shutil.rmtree(source)
    with (folder / "tagwright.toml").open("a", encoding="utf-8") as file:
        file.write("\n[fusion]\ntrees = 5\n[fitting]\nfew_folds = 3\nleast = 12\n")
    with Project.open(folder) as opened:
        assert opened.train(documents()).calibrated
    return folder


def asked(folder: Path) -> list[list[tuple[str, float]]]:
    texts = ["bees in the hive", "wind and soil", "the railways", ""]
    return [[(one.tag, one.confidence) for one in found] for found in Project.open(folder).suggest(texts)]


def test_a_project_with_an_encoder_can_be_moved_and_copied(project, tmp_path, monkeypatch):
    before = asked(project)
    assert 'model = "encoder"' in (project / "tagwright.toml").read_text(encoding="utf-8")
    copy = Path(shutil.copytree(project, tmp_path / "a cöpy"))
    shutil.move(project, tmp_path / "moved")
    monkeypatch.chdir(tmp_path)
    assert asked(copy) == asked(Path("moved")) == before
    assert {one.level for one in Project.open("moved").doctor()} == {"ok"}


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json", "encoder.json"])
def test_a_flipped_bit_in_the_encoder_is_refused_by_name_by_asking_and_by_training(project, name):
    path = project / "encoder" / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)
    with pytest.raises(IntegrityError, match=name):
        asked(project)
    with pytest.raises(IntegrityError, match=name):
        Project.open(project).train()
    assert any(name in one.what for one in Project.open(project).doctor() if one.level == "error")


def test_an_encoder_that_is_gone_is_named(project):
    shutil.rmtree(project / "encoder")
    with pytest.raises(IntegrityError, match="encoder is missing"):
        asked(project)


def test_another_encoder_than_the_one_trained_with_is_named(project, tiny, tmp_path):
    other = Path(shutil.copytree(tiny, project / "other"))
    known = Manifest.read(other)
    Manifest(**{**vars(known), "max_length": 8}).write(other)
    path = project / "tagwright.toml"
    path.write_text(path.read_text(encoding="utf-8").replace('"encoder"', '"other"'), encoding="utf-8")
    with pytest.raises(IntegrityError, match="but the model was trained with") as caught:
        asked(project)
    assert "train" in caught.value.hint
    Project.open(project).train()
    assert asked(project)
    assert "other/model.onnx" in Project.open(project).manifest.files


def test_no_text_is_encoded_twice_however_often_it_is_trained(project, monkeypatch):
    seen: list[str] = []
    encode = Onnx.encode

    def count(self, texts):
        seen.extend(texts)
        return encode(self, texts)

    monkeypatch.setattr(Onnx, "encode", count)
    Project.open(project).train()
    assert seen == []
    Project.open(project).train([*documents(), Document("new", "station wind", tags=("t:rail",))])
    assert seen == ["station wind"]


def test_a_bad_entry_of_the_cache_is_dropped_and_made_again(project):
    before = asked(project)
    cache = project / "store.cache.sqlite"
    with sqlite3.connect(cache) as connection:
        connection.execute("UPDATE entries SET value = zeroblob(length(value))")
    connection.close()
    assert asked(project) == before
    with Project.open(project) as opened:
        assert opened.store.statistics()["cache_bad"] > 0
        opened.train()
    assert asked(project) == before
    cache.write_bytes(b"no database" * 1000)
    assert asked(project) == before
    cache.unlink()
    assert asked(project) == before


def test_a_model_trained_in_this_object_answers_like_a_freshly_opened_one(project):
    with Project.open(project) as opened:
        opened.train(documents(20))
        texts = ["bees in the hive", "wind and soil", "the railways", ""]
        mine = [[(one.tag, one.confidence) for one in found] for found in opened.suggest(texts)]
    assert mine == asked(project)
