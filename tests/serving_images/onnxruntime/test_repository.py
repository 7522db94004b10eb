"""What serves follows what lies in the folder: nothing refused stops another, nothing under way is lost."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto
from onnxruntime_server.engine.scheduler import Scheduler
from onnxruntime_server.engine.served_model import Surroundings
from onnxruntime_server.engine.work import Servable
from onnxruntime_server.errors import (
    ForbiddenError,
    InvalidArgumentError,
    NotFoundError,
    RepositoryError,
    ServerError,
    UnavailableError,
)
from onnxruntime_server.metrics import Metrics, ModelStatistics
from onnxruntime_server.repository.admission import Admitted
from onnxruntime_server.repository.configuration import ModelSettings
from onnxruntime_server.repository.manifest import Trust
from onnxruntime_server.repository.repository import Repository, RepositoryOptions

from tests.serving_images import models
from tests.serving_images.onnxruntime.fakes import Answer, FakeModel, spec

MODEL = models.addition().SerializeToString()
ENSEMBLE = """
[ensemble]
inputs = ["x"]
outputs = ["y"]
[[ensemble.steps]]
model = "{first}"
inputs = {{ x = "x" }}
outputs = {{ y = "between" }}
[[ensemble.steps]]
name = "second"
model = "{second}"
inputs = {{ x = "between" }}
outputs = {{ y = "y" }}
"""
CASCADE = '[cascade]\ncheap = "{cheap}"\ndear = "{dear}"\nconfidence = "y"\nthreshold = 0.5'


class Factory:
    """Makes models that add their version to numbers, and fails where it is told to."""

    def __init__(self) -> None:
        self.made: list[tuple[str, str]] = []
        self.models: dict[tuple[str, str], FakeModel] = {}
        self.failing: set[tuple[str, str]] = set()
        self.cold: set[tuple[str, str]] = set()
        self.asked: Callable[[], None] | None = None

    def __call__(
        self, name: str, version: str, admitted: Admitted, settings: ModelSettings, statistics: ModelStatistics
    ) -> Servable:
        del admitted
        if self.asked is not None:
            self.asked()
        self.made.append((name, version))
        if (name, version) in self.failing:
            raise RepositoryError("it is broken")
        model = FakeModel(
            name, lambda inputs: {"y": np.add(inputs["x"], float(version))}, [spec("x")], [spec("y")], version
        )
        model.settings = settings
        model.statistics = statistics
        model.warms = (name, version) not in self.cold
        self.models[name, version] = model
        return model


class Place:
    """A folder, and a repository of it whose models are fakes."""

    def __init__(self, root: Path, *, model_control: bool = False, poll_seconds: float = 0.0) -> None:
        self.root = root
        root.mkdir(exist_ok=True)
        self.factory = Factory()
        options = RepositoryOptions(model_control=model_control, poll_seconds=poll_seconds, linger_seconds=0)
        self.repository = Repository(root, options, Metrics(), Surroundings(NO_SCHEDULER, 1), make=self.factory)

    def put(self, name: str, *versions: str) -> None:
        for version in versions:
            (self.root / name / version).mkdir(parents=True, exist_ok=True)
            beside = self.root / name / version / ".new"
            beside.write_bytes(MODEL)
            beside.replace(self.root / name / version / "model.onnx")

    def remove(self, name: str, version: str) -> None:
        (self.root / name / version / "model.onnx").unlink()
        (self.root / name / version).rmdir()

    def configure(self, name: str, text: str) -> None:
        (self.root / name).mkdir(exist_ok=True)
        (self.root / name / "config.toml").write_text(text)

    def serving(self) -> dict[str, list[str]]:
        """The versions of each model that serve, as clients see them."""
        names = {entry["name"] for entry in self.repository.index() if entry["state"] == "READY"}
        return {name: list(self.repository.metadata(name, None).versions) for name in sorted(names)}

    def state(self, name: str, version: str) -> tuple[str, str]:
        (entry,) = [e for e in self.repository.index() if (e["name"], e["version"]) == (name, version)]
        return entry["state"], entry["reason"]

    def ask(self, name: str, number: float = 0.0, version: str | None = None) -> Answer:
        answer = Answer({"x": np.array([number])}, ["y"])
        self.repository.servable(name, version).submit(answer.work)
        return answer


class _NoScheduler(Scheduler):
    """Fakes run nothing."""

    def __init__(self) -> None:
        super().__init__(0)


NO_SCHEDULER = _NoScheduler()


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "models", model_control=True)


def test_serves_all_versions_and_the_newest_by_number(place: Place) -> None:
    place.put("iris", "9", "10")
    place.put("rose", "1")
    place.repository.load()
    assert place.repository.ready
    assert place.serving() == {"iris": ["9", "10"], "rose": ["1"]}
    assert place.repository.servable("iris", None).version == "10"
    assert place.repository.servable("iris", "9").version == "9"
    with pytest.raises(NotFoundError, match=r"^model 'iris' has no version '1'; it has 9, 10$"):
        place.repository.servable("iris", "1")
    with pytest.raises(NotFoundError, match=r"^no model 'other'; this server has 'iris', 'rose'$"):
        place.repository.servable("other", None)


def test_is_not_ready_and_says_so_while_it_loads(place: Place) -> None:
    place.put("iris", "1")
    place.put("rose", "1")
    seen: list[tuple[bool, str, list[str]]] = []

    def look() -> None:
        name = ("iris", "rose")[len(seen)]
        with pytest.raises(UnavailableError) as caught:
            place.repository.servable(name, None)
        seen.append((place.repository.ready, str(caught.value), [entry["state"] for entry in place.repository.index()]))

    with pytest.raises(UnavailableError, match=r"^the models are still loading$"):
        place.repository.servable("iris", None)
    place.factory.asked = look
    place.repository.load()
    assert seen == [
        (False, "model 'iris' is still loading", ["LOADING"]),
        (False, "model 'rose' is still loading", ["READY", "LOADING"]),
    ]


def test_one_refused_model_does_not_stop_the_others(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    place.put("good", "1")
    place.put("broken", "1")
    place.factory.failing.add(("broken", "1"))
    place.configure("misspelt", "max_batchsize = 1")
    (place.root / "empty").mkdir()
    place.put("bad name", "1")
    (place.root / "junk" / "1").mkdir(parents=True)
    (place.root / "junk" / "1" / "model.onnx").write_bytes(b"not a model")
    with caplog.at_level(logging.ERROR):
        place.repository.load()
    layout = "expected <model>/<version>/model.onnx, with a version such as 1"
    root = place.root
    reasons = {(entry["name"], entry["version"]): entry["reason"] for entry in place.repository.index()}
    assert reasons.pop(("misspelt", "")).startswith(f"{root}/misspelt/config.toml: max_batchsize: no such field; ")
    assert reasons == {
        ("good", "1"): "",
        ("broken", "1"): "it is broken",
        ("empty", ""): f"{root}/empty: no version in it; {layout}",
        ("bad name", ""): f"{root}/bad name: a model's name is made of letters, digits and . _ -",
        ("junk", "1"): f"{root}/junk/1/model.onnx: it is no ONNX model: the field before byte 1 has no known kind",
    }
    assert place.repository.ready
    assert place.serving() == {"good": ["1"]}
    with pytest.raises(UnavailableError, match=r"^model 'broken' is not served: it is broken$"):
        place.repository.servable("broken", None)
    assert [record.message for record in caplog.records] == ["model refused"] * 5


def test_does_not_start_where_nothing_serves(place: Place) -> None:
    layout = re.escape("expected <model>/<version>/model.onnx, with a version such as 1")
    with pytest.raises(RepositoryError, match=rf"models: no model of it can be served: it has none; {layout}$"):
        place.repository.load()
    place.put("broken", "1")
    place.factory.failing.add(("broken", "1"))
    with pytest.raises(RepositoryError, match=r"models: no model of it can be served: it is broken$"):
        place.repository.load()
    assert not place.repository.ready


def test_a_server_fault_in_one_model_is_kept_from_the_others(place: Place) -> None:
    place.put("a", "1")
    place.put("b", "1")

    def fault() -> None:
        place.factory.asked = None
        raise ValueError("secret contents")

    place.factory.asked = fault
    place.repository.load()
    assert place.state("a", "1") == ("UNAVAILABLE", "the server failed to load it; its log says where")
    assert place.serving() == {"b": ["1"]}


@pytest.mark.parametrize(
    ("policy", "versions"), [("'all'", ["1", "2", "10"]), ("'latest'", ["10"]), ("[1, 10]", ["1", "10"])]
)
def test_serves_the_versions_that_are_asked_for(place: Place, policy: str, versions: list[str]) -> None:
    place.put("iris", "1", "2", "10")
    place.configure("iris", f"versions = {policy}")
    place.repository.load()
    assert place.serving() == {"iris": versions}


def test_a_listed_version_that_is_not_there_is_told(place: Place) -> None:
    place.put("iris", "1")
    place.configure("iris", "versions = [1, 2]")
    place.repository.load()
    state, reason = place.state("iris", "2")
    assert (state, reason.partition(": ")[2]) == ("UNAVAILABLE", "can't be read: No such file or directory")


def test_a_new_version_is_seen_once_it_is_warm(place: Place) -> None:
    place.put("iris", "1")
    place.repository.load()
    place.put("iris", "2")
    seen: list[str] = []
    place.factory.asked = lambda: seen.append(place.repository.servable("iris", None).version)
    place.repository.refresh()
    assert (seen, place.serving()) == (["1"], {"iris": ["1", "2"]})
    assert place.factory.made == [("iris", "1"), ("iris", "2")]


def test_a_dropped_version_answers_what_it_has(place: Place) -> None:
    place.put("iris", "1", "2")
    place.repository.load()
    old = place.factory.models["iris", "2"]
    old.holds = True
    answer = place.ask("iris")
    place.remove("iris", "2")
    place.repository.refresh()
    assert place.serving() == {"iris": ["1"]}
    assert old.closed
    old.release()
    assert answer.arrays[0].tolist() == [2]


def test_a_model_that_does_not_get_warm_is_closed_and_never_seen(place: Place) -> None:
    place.put("iris", "1", "2")
    place.factory.cold.add(("iris", "2"))
    place.repository.load()
    assert place.state("iris", "2") == ("UNAVAILABLE", "its warm-up request is refused")
    assert place.serving() == {"iris": ["1"]}
    assert place.factory.models["iris", "2"].closed


def test_a_dropped_version_still_takes_what_had_found_it(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.put("iris", "1", "2")
    place.repository.load()
    found = place.repository.servable("iris", None)
    waited: list[float | None] = []

    def linger(seconds: float | None = None) -> bool:
        answer = Answer({"x": np.array([0.0])}, ["y"])
        found.submit(answer.work)
        assert place.repository.servable("iris", None).version == "1"
        assert answer.arrays[0].tolist() == [2]
        waited.append(seconds)
        return False

    monkeypatch.setattr(place.repository._stopping, "wait", linger)
    place.remove("iris", "2")
    place.repository.refresh()
    assert waited == [0]
    assert place.factory.models["iris", "2"].closed


@pytest.mark.parametrize("what", ["model", "settings", "warm-up"])
def test_what_changes_in_place_is_loaded_again(place: Place, what: str) -> None:
    place.put("iris", "1")
    place.configure("iris", "warm_up = ['a.json']")
    (place.root / "iris" / "a.json").write_text("{}")
    place.repository.load()
    old = place.factory.models["iris", "1"]
    if what == "model":
        place.put("iris", "1")
    elif what == "settings":
        place.configure("iris", "warm_up = ['a.json']\nmax_batch_size = 4")
    else:
        (place.root / "iris" / "a.json").write_text("{ }")
    place.repository.refresh()
    new = place.repository.servable("iris", None)
    assert new is place.factory.models["iris", "1"] is not old
    assert old.closed
    assert new.settings.max_batch_size == (4 if what == "settings" else 32)
    place.repository.refresh()
    assert len(place.factory.made) == 2


def test_a_failed_reload_keeps_the_old_one_says_so_and_is_not_tried_in_vain(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    place.put("iris", "1")
    place.repository.load()
    old = place.repository.servable("iris", None)
    place.put("iris", "1")
    place.factory.failing.add(("iris", "1"))
    for _ in range(3):
        place.repository.refresh()
    assert place.repository.servable("iris", None) is old
    state = place.state("iris", "1")
    assert state == (
        "READY",
        "what is served is what was loaded before, as it could not be loaded again: it is broken",
    )
    assert len(place.factory.made) == 2
    assert [record.message for record in caplog.records if record.levelno == logging.ERROR] == ["model refused"]
    place.factory.failing.clear()
    place.put("iris", "1")
    place.repository.refresh()
    assert place.state("iris", "1") == ("READY", "")
    assert place.repository.servable("iris", None) is not old


def test_settings_that_become_wrong_leave_what_serves(place: Place) -> None:
    place.put("iris", "1")
    place.repository.load()
    place.configure("iris", "max_batch_size = 0")
    place.repository.refresh()
    state, reason = place.state("iris", "")
    assert (state, reason.rpartition(": ")[2]) == ("READY", "expected integer >= 1, got 0")
    assert place.ask("iris").arrays[0].tolist() == [1]


def test_the_last_version_serves_until_its_successor_does(place: Place) -> None:
    place.put("iris", "1")
    place.configure("iris", "versions = 'latest'")
    place.repository.load()
    place.put("iris", "2")
    place.factory.failing.add(("iris", "2"))
    place.repository.refresh()
    assert place.serving() == {"iris": ["1"]}
    assert place.state("iris", "2") == (
        "UNAVAILABLE",
        "it is broken",
    )
    place.factory.failing.clear()
    place.put("iris", "2")
    place.repository.refresh()
    assert place.serving() == {"iris": ["2"]}


def test_a_folder_that_can_not_be_read_changes_nothing(place: Place) -> None:
    place.put("iris", "1")
    place.repository.load()
    place.root.rename(place.root.with_name("away"))
    with pytest.raises(RepositoryError, match=r"models: no such folder; "):
        place.repository.refresh()
    assert place.serving() == {"iris": ["1"]}


def test_loading_and_unloading_is_off_unless_switched_on(tmp_path: Path) -> None:
    place = Place(tmp_path / "models")
    place.put("iris", "1")
    place.repository.load()
    message = "loading and unloading is off; the server's option --model-control switches it on"
    for change in (place.repository.load_model, place.repository.unload_model):
        with pytest.raises(ForbiddenError) as caught:
            change("iris")
        assert str(caught.value) == message
    assert place.serving() == {"iris": ["1"]}


def test_an_unloaded_model_stays_away_until_it_is_loaded(place: Place) -> None:
    place.put("iris", "1")
    place.put("rose", "1")
    place.repository.load()
    place.repository.unload_model("iris")
    place.repository.refresh()
    assert place.state("iris", "") == ("UNAVAILABLE", "it was unloaded")
    assert place.serving() == {"rose": ["1"]}
    with pytest.raises(UnavailableError, match=r"^model 'iris' is not served: it was unloaded$"):
        place.repository.servable("iris", "1")
    place.repository.load_model("iris")
    assert place.serving() == {"iris": ["1"], "rose": ["1"]}
    assert [entry["version"] for entry in place.repository.index()] == ["1", "1"]


def test_load_and_unload_say_what_is_wrong(place: Place) -> None:
    place.put("iris", "1")
    place.repository.load()
    with pytest.raises(NotFoundError, match=r"^no model 'rose' in the repository$"):
        place.repository.load_model("rose")
    with pytest.raises(NotFoundError, match=r"^no model 'rose' is loaded$"):
        place.repository.unload_model("rose")
    place.put("rose", "1")
    place.factory.failing.add(("rose", "1"))
    with pytest.raises(InvalidArgumentError, match=r"^model 'rose' could not be loaded: it is broken$"):
        place.repository.load_model("rose")
    place.factory.failing.clear()
    place.repository.load_model("rose")
    assert place.serving() == {"iris": ["1"], "rose": ["1"]}


def test_the_folder_is_looked_at_again_and_again(tmp_path: Path) -> None:
    place = Place(tmp_path / "models", poll_seconds=0.01)
    place.put("iris", "1")
    place.repository.load()
    loaded = threading.Event()
    place.factory.asked = loaded.set
    place.put("iris", "2")
    assert loaded.wait(30)
    place.repository.close(30)
    assert "repository" not in {thread.name for thread in threading.enumerate()}


def test_ensembles_and_cascades_are_made_of_what_serves(place: Place) -> None:
    place.put("one", "1")
    place.put("ten", "10")
    place.configure("whole", ENSEMBLE.format(first="one", second="pair"))
    place.configure("pair", CASCADE.format(cheap="one", dear="ten"))
    place.repository.load()
    assert place.serving() == {"one": ["1"], "pair": ["1"], "ten": ["10"], "whole": ["1"]}
    assert place.ask("whole", 1).arrays[0].tolist() == [3]
    assert place.ask("pair", -1).arrays[0].tolist() == [9]
    assert place.repository.metadata("whole", None).platform == "ensemble"


def test_an_ensemble_follows_its_models(place: Place) -> None:
    place.put("one", "1")
    place.put("ten", "10")
    place.configure("whole", ENSEMBLE.format(first="one", second="ten"))
    place.configure("outer", ENSEMBLE.format(first="whole", second="one"))
    place.repository.load()
    place.put("one", "2")
    place.repository.refresh()
    assert place.ask("outer").arrays[0].tolist() == [14]
    place.repository.unload_model("ten")
    assert place.serving() == {"one": ["1", "2"]}
    assert place.state("whole", "1") == ("UNAVAILABLE", "it is made of model 'ten', which does not serve")
    assert place.state("outer", "1") == ("UNAVAILABLE", "it is made of model 'whole', which does not serve")
    place.repository.load_model("ten")
    assert place.ask("outer").arrays[0].tolist() == [14]


def test_an_ensemble_is_left_as_it_is_where_nothing_changed(place: Place) -> None:
    place.put("one", "1")
    place.configure("whole", ENSEMBLE.format(first="one", second="one"))
    place.repository.load()
    made = place.repository.servable("whole", None)
    place.repository.refresh()
    assert place.repository.servable("whole", None) is made
    place.configure("whole", ENSEMBLE.format(first="one", second="one") + "\n")
    place.repository.refresh()
    assert place.repository.servable("whole", None) is made


def test_requests_on_their_way_through_an_ensemble_outlive_its_models(place: Place) -> None:
    place.put("one", "1")
    place.put("ten", "10")
    place.configure("whole", ENSEMBLE.format(first="one", second="ten"))
    place.repository.load()
    first = place.factory.models["one", "1"]
    first.holds = True
    answer = place.ask("whole")
    closing = place.factory.models["ten", "10"]
    order: list[str] = []
    whole = place.repository.servable("whole", None)
    closed = whole.close

    def close(seconds: float) -> None:
        order.append("whole")
        first.release()
        closed(seconds)

    whole.close = close  # type: ignore[method-assign]  # to see that it is closed before its models
    place.repository.unload_model("ten")
    assert closing.closed
    assert answer.arrays[0].tolist() == [11]
    assert order == ["whole"]


@pytest.mark.parametrize(
    ("folders", "reason"),
    [
        ({"a": ("gone", "one")}, "it is made of model 'gone', which does not serve"),
        ({"a": ("a", "one")}, "it is made of itself, directly or through another ensemble or cascade"),
        (
            {"a": ("b", "one"), "b": ("a", "one")},
            "it is made of itself, directly or through another ensemble or cascade",
        ),
    ],
)
def test_ensembles_that_can_not_be_made_are_refused_alone(
    place: Place, folders: dict[str, tuple[str, str]], reason: str
) -> None:
    place.put("one", "1")
    for name, (first, second) in folders.items():
        place.configure(name, ENSEMBLE.format(first=first, second=second))
    place.repository.load()
    assert place.state("a", "1") == ("UNAVAILABLE", reason)
    assert place.serving() == {"one": ["1"]}


def test_an_ensemble_has_no_model_of_its_own(place: Place) -> None:
    place.put("one", "1")
    place.put("whole", "2")
    place.configure("whole", ENSEMBLE.format(first="one", second="one"))
    place.repository.load()
    assert place.state("whole", "") == (
        "UNAVAILABLE",
        f"{place.root}/whole: is an ensemble or cascade and has a model of its own in version 2",
    )


def test_close_ends_ensembles_before_their_models(place: Place) -> None:
    place.put("one", "1")
    place.configure("whole", ENSEMBLE.format(first="one", second="one"))
    place.repository.load()
    model = place.factory.models["one", "1"]
    model.holds = True
    answer = place.ask("whole")
    whole = place.repository.servable("whole", None)
    closed = whole.close

    def close(seconds: float) -> None:
        model.release()
        model.release()
        closed(seconds)

    whole.close = close  # type: ignore[method-assign]  # what is under way goes on while it is closed
    place.repository.close(30)
    assert answer.arrays[0].tolist() == [2]
    assert model.closed


Change = tuple[str, str, str]
changes = st.lists(
    st.tuples(
        st.sampled_from(["put", "remove", "break", "mend", "unload", "load"]),
        st.sampled_from(["a", "b"]),
        st.sampled_from(["1", "2", "3"]),
    ),
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(changes)
def test_after_any_changes_exactly_what_can_be_served_is_served(
    tmp_path_factory: pytest.TempPathFactory, steps: list[Change]
) -> None:
    place = Place(tmp_path_factory.mktemp("models"), model_control=True)
    place.put("always", "1")
    place.repository.load()
    there: set[tuple[str, str]] = set()
    serving: dict[tuple[str, str], bool] = {}
    unloaded: set[str] = set()
    for action, name, version in steps:
        key = (name, version)
        if action == "put":
            place.put(name, version)
            there.add(key)
        elif action == "remove" and key in there:
            place.remove(name, version)
            there.remove(key)
        elif action == "break":
            place.factory.failing.add(key)
        elif action == "mend":
            place.factory.failing.discard(key)
        elif action in {"load", "unload"}:
            unloaded = change_by_client(place, action, name, unloaded)
        place.repository.refresh()
        served = {(model, number) for model, versions in place.serving().items() for number in versions}
        assert all(name not in unloaded for name, _ in served)
        for held in served - {("always", "1")}:
            assert held in there or not any(other[0] == held[0] and other in served for other in there)
        for wanted in there - served:
            assert wanted[0] in unloaded or place.state(*wanted)[0] == "UNAVAILABLE"
        serving = dict.fromkeys(served, True)
    assert ("always", "1") in serving or not steps
    open_models = {key for key, model in place.factory.models.items() if not model.closed}
    assert open_models == set(serving) | {("always", "1")}


def change_by_client(place: Place, action: str, name: str, unloaded: set[str]) -> set[str]:
    try:
        if action == "load":
            place.repository.load_model(name)
            return unloaded - {name}
        place.repository.unload_model(name)
    except NotFoundError:
        return unloaded
    except InvalidArgumentError:
        return unloaded - {name}
    return unloaded | {name}


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Callable[..., Repository]]:
    """Repositories whose models are ONNX Runtime's."""
    scheduler = Scheduler()
    made: list[Repository] = []

    def make(trust: Trust | None = None) -> Repository:
        options = RepositoryOptions(trust or Trust(), linger_seconds=0.2)
        made.append(Repository(tmp_path, options, Metrics(), Surroundings(scheduler, 1)))
        return made[-1]

    yield make
    for repository in made:
        repository.close(10)
    scheduler.close()


WHOLE = """
[ensemble]
inputs = ["a", "b"]
outputs = ["sum"]
[[ensemble.steps]]
name = "first"
model = "addition"
inputs = { a = "a", b = "b" }
outputs = { sum = "between" }
[[ensemble.steps]]
name = "second"
model = "addition"
inputs = { a = "between", b = "between" }
outputs = { sum = "sum" }
"""


def add(repository: Repository, name: str) -> Answer:
    arrays = {"a": np.full((1, 2), 1, np.float32), "b": np.full((1, 2), 2, np.float32)}
    answer = Answer(dict(arrays), ["sum"])
    repository.servable(name, None).submit(answer.work)
    return answer


def test_real_models_are_served_and_refused_for_what_onnxruntime_says(
    tmp_path: Path, real: Callable[..., Repository]
) -> None:
    models.save(models.addition(), tmp_path, "addition")
    models.save(models.sequence(), tmp_path, "sequence")
    models.save(models.reshape(), tmp_path, "reshape")
    dangling = models.identity(TensorProto.FLOAT, [1])
    dangling.graph.node[0].input[0] = "nothing"
    models.save(dangling, tmp_path, "dangling")
    repository = real()
    repository.load()
    reasons = {entry["name"]: entry["reason"] for entry in repository.index()}
    assert reasons.pop("dangling").startswith("onnxruntime can't load it: ")
    assert reasons == {
        "addition": "",
        "reshape": "",
        "sequence": "output 'y' has type seq(tensor(float)), which the protocol can't carry",
    }


def test_no_request_fails_while_versions_come_and_go(tmp_path: Path, real: Callable[..., Repository]) -> None:
    models.save(models.addition(), tmp_path, "addition")
    (tmp_path / "whole").mkdir()
    (tmp_path / "whole" / "config.toml").write_text(WHOLE)
    repository = real()
    repository.load()
    stop = threading.Event()
    answers: dict[str, list[Answer]] = {"addition": [], "whole": []}
    errors: list[ServerError] = []

    def ask(name: str) -> None:
        while not stop.is_set():
            try:
                answers[name].append(add(repository, name))
            except ServerError as error:
                errors.append(error)
            else:
                answers[name][-1].done.wait(30)

    threads = [threading.Thread(target=ask, args=(name,)) for name in answers for _ in range(2)]
    for thread in threads:
        thread.start()
    for version in range(2, 6):
        models.save(models.addition(), tmp_path, "addition", str(version))
        repository.refresh()
        (tmp_path / "addition" / str(version - 1) / "model.onnx").unlink()
        (tmp_path / "addition" / str(version - 1)).rmdir()
        repository.refresh()
    stop.set()
    for thread in threads:
        thread.join()
    assert errors == []
    assert repository.metadata("addition", None).versions == ("5",)
    assert min(len(given) for given in answers.values()) > 100
    assert all(answer.arrays[0].tolist() == [[3, 3]] for answer in answers["addition"])
    assert all(answer.arrays[0].tolist() == [[6, 6]] for answer in answers["whole"])
