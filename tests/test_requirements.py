"""The pinned versions in `requirements/`: complete, with hashes, without an address, and what is installed here.

`make setup` and CI install `dev.txt`, the image `base.txt`, both need the uv of `uv.txt` where there is none.
"""

from __future__ import annotations

import importlib.metadata
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "requirements"
FILES = ("base.txt", "dev.txt", "lake.txt", "uv.txt")
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")
IMAGE = re.compile(r"^[a-z/]+:(\d+\.\d+\.\d+-\w+-\w+|\d+\.\d+|[\w.-]+@sha256:[0-9a-f]{64})$")
PLATFORMS = ("x86_64-manylinux_2_28", "aarch64-manylinux_2_28", "aarch64-apple-darwin", "x86_64-apple-darwin")


def entries(text: str) -> list[tuple[str, list[str]]]:
    """Return each requirement of a file with the words that follow it."""
    joined = text.replace("\\\n", " ")
    lines = [line.split(" --hash=") for line in joined.splitlines() if line.strip() and not line.startswith("#")]
    return [(first.strip(), [f"--hash={one.strip()}" for one in hashes]) for first, *hashes in lines]


def faults(text: str) -> list[str]:
    """Return what of a file is no pinned version with hashes, or names a place on a network."""
    wrong = []
    for requirement, hashes in entries(text):
        if not re.match(r"^[a-z0-9-]+==[\w.+!]+( ; .+)?$", requirement):
            wrong.append(f"{requirement} is not one exact version")
        if not hashes or not all(HASH.fullmatch(one) for one in hashes):
            wrong.append(f"{requirement} has no sha256")
    return wrong + [line for line in text.splitlines() if "://" in line or "index" in line.split(" ")[0]]


def pinned(name: str) -> dict[str, list[Requirement]]:
    """Return the requirements of a file by package; a package has one for each marker."""
    found: dict[str, list[Requirement]] = {}
    for requirement, _ in entries((FOLDER / name).read_text(encoding="utf-8")):
        one = Requirement(requirement)
        found.setdefault(canonicalize_name(one.name), []).append(one)
    return found


def version_of(requirement: Requirement) -> str:
    """Return the one version that a pinned requirement allows."""
    (only,) = requirement.specifier
    return only.version


@pytest.mark.parametrize("name", FILES)
def test_every_version_is_exact_and_has_hashes(name: str) -> None:
    """And no line names an index or a host: whoever installs decides where from."""
    text = (FOLDER / name).read_text(encoding="utf-8")
    assert entries(text)
    assert faults(text) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("duckdb>=1 \\\n    --hash=sha256:" + "a" * 64, "duckdb>=1 is not one exact version"),
        ("duckdb==1.5.5", "duckdb==1.5.5 has no sha256"),
        ("duckdb==1.5.5 --hash=sha256:short", "duckdb==1.5.5 has no sha256"),
        ("--index-url x", "--index-url x"),
        ("duckdb @ https://example.org/duckdb.whl", "duckdb @ https://example.org/duckdb.whl"),
    ],
)
def test_a_line_that_is_not_pinned_is_found(text: str, found: str) -> None:
    """A range, a missing hash, half a hash, an index, an address."""
    assert found in faults(text)


@pytest.mark.parametrize(
    ("extras", "name"),
    [(("build",), "base.txt"), (("lake", "build"), "lake.txt"), (("dev", "lake", "build"), "dev.txt")],
)
def test_every_dependency_is_pinned_within_its_range(extras: tuple[str, ...], name: str) -> None:
    """What pyproject.toml asks for, and nothing older or newer than it allows."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [*project["dependencies"], *(line for extra in extras for line in project["optional-dependencies"][extra])]
    found = pinned(name)
    for requirement in map(Requirement, asked):
        versions = [version_of(one) for one in found[canonicalize_name(requirement.name)]]
        assert any(requirement.specifier.contains(version) for version in versions), str(requirement)


def test_the_image_gets_the_versions_that_are_tested() -> None:
    """Whatever stands in `base.txt` stands in `dev.txt` in the same words."""
    base, dev = pinned("base.txt"), pinned("dev.txt")
    assert {name: base[name] for name in base if base[name] != dev.get(name)} == {}
    assert {"pytest", "ruff", "pip-audit"} & set(base) == set()


def test_the_embedded_warehouse_needs_nothing_of_the_lake() -> None:
    """`base.txt` is `lake.txt` without the lake; both in the same words, as `dev.txt` has them."""
    base, lake, dev = pinned("base.txt"), pinned("lake.txt"), pinned("dev.txt")
    assert {name: lake[name] for name in lake if lake[name] != dev.get(name)} == {}
    assert base.items() <= lake.items()
    assert {"psycopg", "obstore", "duckdb-extension-ducklake"} <= set(lake) - set(base)


def test_what_is_installed_here_is_what_is_pinned() -> None:
    """The tests say something about the versions that others install."""
    here = {canonicalize_name(one.metadata["Name"]): one.version for one in importlib.metadata.distributions()}
    for name, requirements in pinned("dev.txt").items():
        expected = [version_of(one) for one in requirements if one.marker is None or one.marker.evaluate()]
        if name in here and expected:
            assert here[name] == expected[0], f"{name}: run `make setup`"


def test_intel_macs_get_a_cryptography_that_has_a_wheel() -> None:
    """Everybody else gets a newer one."""
    versions = {
        version_of(one)
        for one in pinned("base.txt")["cryptography"]
        if one.marker and one.marker.evaluate({"sys_platform": "darwin", "platform_machine": "x86_64"})
    }
    others = {version_of(one) for one in pinned("base.txt")["cryptography"]} - versions
    assert [int(version.split(".")[0]) < 49 for version in versions] == [True]
    assert [int(version.split(".")[0]) >= 50 for version in others] == [True]


def test_setup_and_image_install_by_hash() -> None:
    """No way in passes by the pinned versions; CI goes by `make`."""
    makefile, dockerfile = ((ROOT / name).read_text(encoding="utf-8") for name in ("Makefile", "Dockerfile"))
    for text, file in ((makefile, "dev.txt"), (dockerfile, "base.txt")):
        assert re.search(rf"pip sync .*--no-build --require-hashes requirements/{re.escape(file)}", text)
        assert re.search(r"--require-hashes -r \S*uv\.txt", text)
        assert "uv sync" not in text
    assert "!requirements" in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    for name in (".ci/run", ".github/workflows/check.yml"):
        assert not re.search(r"pip install|uv (sync|pip)", (ROOT / name).read_text(encoding="utf-8"))


def test_images_have_an_exact_version() -> None:
    """Of Python and of PostgreSQL; another one can be given by a variable."""
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    compose = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    found = [
        *re.findall(r"^ARG PYTHON_IMAGE=(\S+)$", dockerfile, re.MULTILINE),
        *re.findall(r"^    image: \$\{\w+:-(\S+)\}$", compose, re.MULTILINE),
    ]
    assert len(found) == 2
    assert [image for image in found if not IMAGE.match(image)] == []
    assert re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE) == ["${PYTHON_IMAGE}"]
    for floating in ("python:3.11-slim", "postgres:15", "postgres:latest", "postgres"):
        assert not IMAGE.match(floating)


@pytest.mark.long
@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
@pytest.mark.parametrize("platform", PLATFORMS)
def test_each_supported_platform_installs_from_wheels(platform: str, python: str) -> None:
    """Nothing is compiled on a small machine. Asks the package index."""
    uv = shutil.which("uv") or ROOT / ".tools/uv/bin/uv"
    command = [
        *(uv, "pip", "compile", "--quiet", "--no-header", "--no-annotate", "--only-binary", ":all:", "--no-deps"),
        *("--python-platform", platform, "--python-version", python, FOLDER / "dev.txt"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    wanted = {name for name, found in pinned("dev.txt").items() if any(one.marker is None for one in found)}
    assert wanted <= {canonicalize_name(line.split("==")[0]) for line in done.stdout.splitlines() if "==" in line}
