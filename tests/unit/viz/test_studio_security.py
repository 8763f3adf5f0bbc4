"""The studio under attack: other sites, other names, stolen or guessed tokens, oversized and malformed requests, paths, scripts."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import synthetic

from viz.studio import security
from viz.studio.app import create_app
from viz.studio.security import MOST_BYTES, Access

PORT = 8123
HERE = f"http://127.0.0.1:{PORT}"
KEY = "0123456789abcdef"


class Bench:
    """A workbench that answers with made-up results, and counts what reaches it."""

    name = "made up"
    study = None

    def __init__(self, results: Any) -> None:
        self.seen: list[Any] = []
        self.runs = SimpleNamespace(
            ask=lambda variant, task: KEY, wait=lambda key, limit_s: {"state": "done"}, status=lambda key: {"state": "done"},
            results=lambda key: results if key == KEY else None, cancel=self.seen.append, keep=self.seen.append,
        )  # fmt: skip

    def variant(self, sets: Any, events: Any, seed: Any) -> Any:
        self.seen.append((sets, events, seed))
        return sets, events, seed

    def document(self, variant: Any) -> dict[str, Any]:
        return {"name": self.name, "fields": []}

    def problems(self, variant: Any) -> list[tuple[str, str]]:
        return [("step", "is wrong")] if "step=wrong" in variant[0] else []

    def saved(self) -> None:
        return None

    def save(self, name: str, variant: Any) -> dict[str, Any]:
        self.seen.append(name)
        return {"name": name, "file": "v/name.yaml"}

    def orbits(self, key: str) -> None:
        return None

    def point(self, number: int) -> dict[str, Any] | None:
        return {"name": "point 1", "sets": []} if number == 1 else None

    def years(self, variant: Any) -> None:
        return None

    def mission(self, variant: Any) -> None:
        return None

    def day(self, variant: Any, day: date) -> dict[str, Any]:
        self.seen.append(day)
        return {"name": day.isoformat(), "sets": [], "note": ""} if day.year == 2028 else {"message": "is outside the mission"}

    def yaml(self, variant: Any) -> str:
        return "name: made up\n"

    def command(self, variant: Any) -> str:
        return "dawndusk run made-up"


@pytest.fixture
def bench(formation: synthetic.Results) -> Bench:
    return Bench(formation)


@pytest.fixture
def client(bench: Bench) -> Any:
    return create_app(bench, Access("127.0.0.1", PORT)).server.test_client()


def _post(client: Any, path: str = "/api/run", body: Any = None, headers: dict[str, str] | None = None, **more: Any) -> Any:
    asked = {"json": {} if body is None else body} | more
    return client.post(path, headers=headers or {}, **({"base_url": HERE} | asked))


def test_own_page_is_answered(client: Any) -> None:
    """Source of truth: the questions of the page."""
    assert client.get("/", base_url=HERE).status_code == 200
    assert client.get("/api/alive", base_url=f"http://localhost:{PORT}").get_json() == {"name": "made up"}
    own = {"Origin": HERE, "Sec-Fetch-Site": "same-origin"}
    assert _post(client, headers=own).get_json() == {"key": KEY, "state": "done"}
    assert _post(client, "/api/document", headers=own).get_json()["name"] == "made up"
    assert _post(client, "/api/export", headers=own).get_json() == {"yaml": "name: made up\n", "command": "dawndusk run made-up"}
    assert _post(client, "/api/run", {"sets": ["step=wrong"]}).get_json() == {"key": "", "state": "refused", "problems": [["step", "is wrong"]]}
    data = client.get(f"/api/scene/{KEY}", base_url=HERE)
    assert data.mimetype == "application/octet-stream"
    assert len(data.data) > 10_000


@pytest.mark.parametrize(
    "host",
    ["evil.example", f"evil.example:{PORT}", "127.0.0.1", "127.0.0.1:80", f"127.0.0.1.evil.example:{PORT}", f"localhost.evil.example:{PORT}", f"10.0.0.1:{PORT}",
     f"[::2]:{PORT}", f"127.0.0.1:{PORT}@evil.example", "", f"0.0.0.0:{PORT}"],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/", "/api/alive", "/_dash-layout"])
def test_other_names_of_this_computer(client: Any, host: str, path: str) -> None:
    """A name of an attacker that leads here (DNS rebinding) is refused for every page."""
    answer = client.get(path, base_url=HERE, headers={"Host": host})
    assert answer.status_code in (400, 403)  # 400: werkzeug reads no host at all
    assert b"made up" not in answer.data


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"}, {"Origin": "null"}, {"Origin": f"https://127.0.0.1:{PORT + 1}"}, {"Origin": f"http://127.0.0.1:{PORT}.evil.example"},
        {"Origin": ""}, {"Origin": "file://"}, {"Origin": HERE, "Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "none"},
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/api/run", "/api/cancel", "/api/export", "/_dash-update-component"])
def test_pages_of_other_sites(client: Any, bench: Bench, headers: dict[str, str], path: str) -> None:
    """A script or a form of another site is refused, and nothing of it reaches the workbench."""
    assert _post(client, path, {"key": KEY, "sets": []}, headers).status_code == 403
    assert bench.seen == []


def test_scripts_of_other_sites_cannot_read(client: Any) -> None:
    """A picture or a script of another site that asks here."""
    asked = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}
    assert client.get(f"/api/scene/{KEY}", base_url=HERE, headers=asked).status_code == 403
    assert client.get("/", base_url=HERE, headers={"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}).status_code == 200  # a link


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_other_methods(client: Any, method: str) -> None:
    assert client.open("/api/run", method=method, base_url=HERE).status_code == 405


def test_oversized(client: Any, bench: Bench) -> None:
    """Source of truth: the limit: a longer request is refused with 413, also one that only says that it is longer."""
    long = '{"sets": ["' + "a" * MOST_BYTES + '"]}'
    json_ = {"Content-Type": "application/json"}
    assert client.post("/api/run", base_url=HERE, data=long, headers=json_).status_code == 413
    assert client.post("/_dash-update-component", base_url=HERE, data=long, headers=json_).status_code == 413
    assert client.post("/api/run", base_url=HERE, data="{}", headers=json_, environ_overrides={"CONTENT_LENGTH": str(MOST_BYTES + 1)}).status_code == 413
    assert bench.seen == []


@pytest.mark.parametrize("content", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""])
def test_forms(client: Any, bench: Bench, content: str) -> None:
    """What a form of another site can send without asking first."""
    assert client.post("/api/run", base_url=HERE, data='{"sets": []}', content_type=content).status_code == 415
    assert bench.seen == []


@pytest.mark.parametrize(
    "body",
    ["", "{", "[]", "null", "1", '"text"', '{"sets": "step=1 s"}', '{"sets": [1]}', '{"sets": {"a": 1}}', '{"events": [null]}', '{"seed": "1"}', '{"seed": 1.5}',
     '{"seed": true}', '{"wait_s": "long"}', '{"wait_s": null}', '{"wait_s": Infinity}', '{"wait_s": NaN}', '{"sets": ' + str(["a"] * 201).replace("'", '"') + "}",
     "[" * 5000],
)  # fmt: skip
def test_malformed(client: Any, body: str) -> None:
    """One line of JSON that says what is wrong; never an error of the server."""
    answer = client.post("/api/run", base_url=HERE, data=body, content_type="application/json")
    assert answer.status_code == (400 if body else 411)
    assert answer.get_json()["message"]


@pytest.mark.parametrize("key", ["..", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "0123456789ABCDEF", KEY + "0", "a", "0123456789abcde/", "\u0660" * 16])
def test_keys_are_no_paths(client: Any, key: str) -> None:
    """Only the form of a key is looked up; one that is unknown is not there."""
    assert client.get(f"/api/scene/{key}", base_url=HERE).status_code in (400, 404)
    assert _post(client, "/api/cancel", {"key": key}).status_code == 400


def test_unknown_run(client: Any) -> None:
    assert client.get("/api/scene/" + "f" * 16, base_url=HERE).status_code == 404


@pytest.mark.parametrize("path", ["/assets/../app.py", "/assets/%2e%2e/app.py", "/assets/..%2fapp.py", "/assets//etc/passwd", "/assets/%2e%2e%2f%2e%2e%2fsecurity.py", "/app.py"])
def test_files_beside_the_assets(client: Any, path: str) -> None:
    """Source of truth: the first line of the module that is asked for. Unknown addresses lead to the page."""
    answer = client.get(path, base_url=HERE)
    assert b"Dash application: the page" not in answer.data
    assert b"root:" not in answer.data
    assert b"Who may ask" not in answer.data


def test_policy_of_the_page(client: Any) -> None:
    """The page loads nothing from other hosts, runs no inline script but the one whose hash the policy lists, and opens in no frame."""
    answer = client.get("/", base_url=HERE)
    policy = dict(part.strip().partition(" ")[::2] for part in answer.headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'self'"
    assert "unsafe" not in policy["script-src"]
    assert "http" not in "".join(policy.values())
    assert policy["frame-ancestors"] == policy["object-src"] == policy["base-uri"] == "'none'"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "://" not in answer.get_data(as_text=True).replace("http://www.w3.org", "")


def test_names_are_no_markup(formation: synthetic.Results) -> None:
    """A scenario with a name of markup is shown as text."""
    bench = Bench(formation)
    bench.name = "<script>alert(1)</script>"
    page = create_app(bench, Access("127.0.0.1", PORT)).server.test_client().get("/", base_url=HERE).get_data(as_text=True)
    assert "<script>alert(1)" not in page


# --- on another address


@pytest.fixture
def guarded(bench: Bench) -> Any:
    return create_app(bench, Access("0.0.0.0", PORT, "right-token")).server.test_client()


THERE = f"http://studio.lab:{PORT}"


def test_hosts_with_and_without_a_port() -> None:
    """Source of truth: browsers leave out port 80."""
    assert "127.0.0.1" in Access("127.0.0.1", 80).hosts
    assert "127.0.0.1" not in Access("127.0.0.1", PORT).hosts
    assert f"[::1]:{PORT}" in Access("127.0.0.1", PORT).hosts


def test_loopback_needs_no_token() -> None:
    assert security.access("127.0.0.1", 1).token == security.access("::1", 1).token == security.access("localhost", 1).token == ""
    one, other = security.access("0.0.0.0", 1), security.access("0.0.0.0", 1)
    assert min(len(one.token), len(other.token)) >= 32
    assert one.token != other.token
    assert one.token in one.url
    assert one.token not in repr(one)


@pytest.mark.parametrize("path", ["/", "/?token=", "/?token=wrong", "/?token=right-toke", "/?token=right-token2", "/?TOKEN=right-token", "/api/alive", "/assets/studio.js"])
def test_without_the_token(guarded: Any, path: str) -> None:
    assert guarded.get(path, base_url=THERE).status_code == 403
    assert "Set-Cookie" not in guarded.get(path, base_url=THERE).headers


def test_with_the_token(guarded: Any) -> None:
    """The token in the address becomes a cookie that scripts do not see and other sites do not send."""
    answer = guarded.get("/?token=right-token", base_url=THERE)
    assert answer.status_code == 200
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert guarded.get("/api/alive", base_url=THERE).status_code == 200
    assert _post(guarded, base_url=THERE, headers={"Origin": "http://evil.example"}).status_code == 403


def test_a_wrong_cookie(guarded: Any) -> None:
    guarded.set_cookie(security.COOKIE, "wr\u00f6ng")
    assert guarded.get("/", base_url=THERE).status_code == 403


@pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": 3}, {"name": ["a"]}, {"name": None}, {"name": " "}])
def test_saving_wants_a_name(client: Any, bench: Bench, body: dict[str, Any]) -> None:
    assert _post(client, "/api/save", body).status_code == 400
    assert not any(isinstance(one, str) for one in bench.seen)


def test_nothing_is_saved_without_a_folder(client: Any, bench: Bench) -> None:
    """The folder is given on the command line: without it, no page writes a file; a variant that is refused is not saved either."""
    answer = _post(client, "/api/save", {"name": "a"})
    assert answer.status_code == 404
    assert answer.get_json()["message"] == "no folder of variants; start the studio with --variants FOLDER"
    bench.saved = list  # type: ignore[method-assign,assignment]
    assert _post(client, "/api/save", {"name": "a", "sets": ["step=wrong"]}).status_code == 400
    assert _post(client, "/api/save", {"name": "a"}, headers={"Origin": "http://evil.example"}).status_code == 403
    assert "a" not in bench.seen
    assert _post(client, "/api/save", {"name": "a"}).get_json() == {"name": "a", "file": "v/name.yaml"}


@pytest.mark.parametrize("number", [None, "1", 1.5, True, [], 10**30, -1])
def test_points_are_whole_numbers(client: Any, number: Any) -> None:
    assert _post(client, "/api/point", {"number": number}).status_code in (400, 404)
    assert _post(client, "/api/point", {"number": 1}).get_json() == {"name": "point 1", "sets": []}


@pytest.mark.parametrize("at", [None, 3, "", "2028-3-1", "2028-02-30", "2028-03-01T00:00", "٢٠٢٨-03-01", ["2028-03-01"], "2028-W10-3"])
def test_days_are_dates(client: Any, bench: Bench, at: Any) -> None:
    """What is no date reaches nothing; a day outside the mission is an answer with a message."""
    assert _post(client, "/api/day", {"at": at}).status_code == 400
    assert not any(isinstance(one, date) for one in bench.seen)
    assert _post(client, "/api/day", {"at": "2028-03-01"}).get_json()["name"] == "2028-03-01"
    assert _post(client, "/api/day", {"at": "2040-03-01"}).status_code == 409
    assert _post(client, "/api/day", {"at": "2028-03-01", "sets": ["step=wrong"]}).status_code == 400


@pytest.mark.parametrize("task", ["", "shell", "Why", None, 3, ["why"], "__class__"])
def test_only_known_analyses(client: Any, task: Any) -> None:
    assert _post(client, "/api/run", {"task": task}).status_code == 400
    assert _post(client, "/api/run", {"task": "why"}).status_code == 200


def test_assets_are_what_the_build_makes() -> None:
    """Scripts and pictures come with their licences, and name no other site but in comments of licences."""
    assets = Path(security.__file__).parent / "assets"
    found = {path.name for path in assets.iterdir()}
    assert found == {"studio.js", "plotly.js", "studio.css", "mark.svg", "borders.json", "earth-day.jpg", "earth-night.jpg", "LICENSES.txt"}
    licences = (assets / "LICENSES.txt").read_text("utf-8")
    assert all(name in licences for name in ("three.js", "plotly.js", "world-atlas", "three-globe"))
    assert "url(http" not in (assets / "studio.css").read_text("utf-8")
