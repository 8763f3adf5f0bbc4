"""The questions of the page's own script, as JSON: documents, runs, data of the globe, export. Nothing here names a file."""

from __future__ import annotations

import math
import re
from collections import OrderedDict
from dataclasses import asdict, is_dataclass
from datetime import date
from threading import Lock
from typing import Any, Final, Protocol

from flask import Flask, Response, jsonify, request

from viz.studio.scene_data import scene_data

LONGEST_WAIT_S: Final = 2.0
MOST_TEXTS: Final = 200
MOST_SCENES: Final = 4  # that are kept as they are sent
MISSION: Final = "mission"
TASKS: Final = ("run", MISSION, "why", "plan")
KEY: Final = re.compile(r"[0-9a-f]{16}")
DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


class Runs(Protocol):
    """Runs of variants, by key."""

    def ask(self, variant: Any, task: str = "run") -> str: ...
    def wait(self, key: str, limit_s: float) -> Any: ...
    def status(self, key: str) -> Any: ...
    def results(self, key: str) -> Any: ...
    def variant(self, key: str) -> Any: ...
    def cancel(self, key: str) -> None: ...
    def keep(self, keys: frozenset[str]) -> None: ...


class Workbench(Protocol):
    """The opened scenario and its variants, as the studio needs them; `sim.studies.studio` has one."""

    name: str
    runs: Runs
    study: Any

    def variant(self, sets: tuple[str, ...], events: tuple[str, ...], seed: int | None) -> Any: ...
    def saved(self) -> list[dict[str, Any]] | None: ...
    def save(self, name: str, variant: Any) -> dict[str, Any]: ...
    def document(self, variant: Any) -> dict[str, Any]: ...
    def problems(self, variant: Any) -> list[tuple[str, str]]: ...
    def yaml(self, variant: Any) -> str: ...
    def command(self, variant: Any) -> str: ...
    def orbits(self, key: str) -> Any: ...
    def point(self, number: int) -> dict[str, Any] | None: ...
    def years(self, variant: Any) -> Any: ...
    def mission(self, variant: Any) -> dict[str, int] | None: ...
    def day(self, variant: Any, day: date) -> dict[str, Any]: ...


class BadRequest(Exception):
    """What the page asked cannot be read."""


class Scenes:
    """The globe's data of the last runs, as they are sent.

    Parameters
    ----------
    bench : Workbench
        What has the runs.
    """

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench
        self._made: OrderedDict[str, bytes] = OrderedDict()
        self._lock = Lock()

    def data(self, key: str) -> bytes | None:
        """The data of a run.

        Parameters
        ----------
        key : str
            Key of the run.

        Returns
        -------
        bytes or None
            The data, empty where the run recorded no positions; None where there is no such run.
        """
        results = self._bench.runs.results(key)
        if not hasattr(results, "series"):
            return None
        with self._lock:
            if key in self._made:
                self._made.move_to_end(key)
                return self._made[key]
        data = scene_data(results, self._bench.orbits(key)) or b""
        with self._lock:
            self._made[key] = data
            while len(self._made) > MOST_SCENES:
                self._made.popitem(last=False)
        return data


def add_api(server: Flask, bench: Workbench) -> None:
    """Add the questions to the server.

    Parameters
    ----------
    server : Flask
        The server.
    bench : Workbench
        What answers them.
    """
    _add_errors(server)
    _add_runs(server, bench)
    _add_variants(server, bench)

    @server.get("/api/alive")
    def alive() -> Response:
        return jsonify(name=bench.name)


def _add_errors(server: Flask) -> None:
    """What is answered to requests that cannot be read, that are too long or unknown."""

    @server.errorhandler(BadRequest)
    def refused(error: BadRequest) -> tuple[Response, int]:
        return jsonify(message=str(error)), 400

    @server.errorhandler(413)
    def too_long(_: Exception) -> tuple[Response, int]:
        return jsonify(message="the request is too long"), 413

    @server.route("/api/<path:_>", methods=["GET", "POST"])
    def unknown(_: str) -> tuple[Response, int]:
        return jsonify(message="the studio has no such question"), 404


def _add_runs(server: Flask, bench: Workbench) -> None:
    """Runs and analyses, and the data of the globe."""
    scenes = Scenes(bench)

    @server.post("/api/run")
    def run() -> Response:
        variant, asked = _variant(bench), _body()
        problems = bench.problems(variant)
        if problems:
            return jsonify(key="", state="refused", problems=problems)
        wait_s = asked.get("wait_s", 0.0)
        if not isinstance(wait_s, int | float) or isinstance(wait_s, bool) or not math.isfinite(wait_s):
            raise BadRequest("wait_s is not a time; write seconds")
        task = asked.get("task", TASKS[0])
        if task not in TASKS:
            raise BadRequest(f"task is not known; write one of: {', '.join(TASKS)}")
        key = bench.runs.ask(variant, task)
        return jsonify(key=key, **_plain(bench.runs.wait(key, min(max(float(wait_s), 0.0), LONGEST_WAIT_S))))

    @server.post("/api/cancel")
    def cancel() -> Response:
        key = _key(_body().get("key"))
        bench.runs.cancel(key)
        return jsonify(key=key, **_plain(bench.runs.status(key)))

    @server.get("/api/scene/<key>")
    def scene(key: str) -> Any:
        data = scenes.data(_key(key))
        if data is None:
            return jsonify(message="no such run; it has been forgotten, or has not ended"), 404
        return Response(data, mimetype="application/octet-stream")


def _add_variants(server: Flask, bench: Workbench) -> None:
    """The form of a variant, its export, and variants of a folder or of a sweep."""

    @server.post("/api/document")
    def document() -> Response:
        return jsonify(bench.document(_variant(bench)))

    @server.post("/api/export")
    def export() -> Response:
        variant = _runnable(bench)
        return jsonify(yaml=bench.yaml(variant), command=bench.command(variant))

    @server.get("/api/variants")
    def variants() -> Response:
        return jsonify(variants=bench.saved())

    @server.post("/api/save")
    def save() -> Any:
        name = _body().get("name")
        if not isinstance(name, str) or not name.strip():
            raise BadRequest("name is missing; write a short text")
        if bench.saved() is None:
            return jsonify(message="no folder of variants; start the studio with --variants FOLDER"), 404
        found = bench.save(name, _runnable(bench))
        return (jsonify(found), 409) if "message" in found else jsonify(found)

    @server.post("/api/day")
    def day() -> Any:
        at = _body().get("at")
        try:
            moment = date.fromisoformat(at) if isinstance(at, str) and DATE.fullmatch(at) else None
        except ValueError:
            moment = None
        if moment is None:
            raise BadRequest("at is not a date; write one such as 2028-03-01")
        found = bench.day(_runnable(bench), moment)
        return (jsonify(found), 409) if "message" in found else jsonify(found)

    @server.post("/api/point")
    def point() -> Any:
        number = _body().get("number")
        if not isinstance(number, int) or isinstance(number, bool):
            raise BadRequest("number is not that of a point; write a whole number")
        found = bench.point(number)
        if found is None:
            return jsonify(message="no such point"), 404
        return jsonify(found)


def _runnable(bench: Workbench) -> Any:
    """The variant of a request, which must have no problems."""
    variant = _variant(bench)
    problems = bench.problems(variant)
    if problems:
        raise BadRequest("; ".join(f"{field}: {message}" if field else message for field, message in problems))
    return variant


def _body() -> dict[str, Any]:
    try:
        found = request.get_json(silent=True)
    except RecursionError:  # brackets in brackets
        found = None
    if not isinstance(found, dict):
        raise BadRequest("the request is no JSON object")
    return found


def _variant(bench: Workbench) -> Any:
    return variant_of(bench, _body())


def variant_of(bench: Workbench, body: Any) -> Any:
    """A variant from what a page sent.

    Parameters
    ----------
    bench : Workbench
        The opened scenario.
    body : dict
        With `sets`, `events` and `seed`; each may be absent.

    Returns
    -------
    Variant
        The variant.

    Raises
    ------
    BadRequest
        If it is anything else.
    """
    if not isinstance(body, dict):
        raise BadRequest("a variant is no JSON object")
    sets, events, seed = body.get("sets", []), body.get("events", []), body.get("seed")
    for name, texts in (("sets", sets), ("events", events)):
        if not isinstance(texts, list) or len(texts) > MOST_TEXTS or not all(isinstance(text, str) for text in texts):
            raise BadRequest(f"{name} is not a list of at most {MOST_TEXTS} texts")
    if seed is not None and (not isinstance(seed, int) or isinstance(seed, bool)):
        raise BadRequest("seed is not a whole number")
    return bench.variant(tuple(sets), tuple(events), seed)


def _key(value: Any) -> str:
    if not isinstance(value, str) or not KEY.fullmatch(value):
        raise BadRequest("key is not that of a run")
    return value


def _plain(status: Any) -> dict[str, Any]:
    return asdict(status) if is_dataclass(status) and not isinstance(status, type) else dict(status)
