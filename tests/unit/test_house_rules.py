"""The rules of the house that a machine can check: sizes, names in one place, quiet imports, no addresses."""

import ast
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("contracts", "gateway", "stream_workers", "analyzer", "deploy")
MODULE_LINES = 300
FUNCTION_LINES = 50
MODULES = sorted(p for package in PACKAGES for p in (ROOT / package).rglob("*.py"))
EXEMPT: dict[str, str] = {}
"""Module -> why it may be longer than the others. Empty, and meant to stay so."""

CARRIERS = re.compile(
    r"""["'](?:audio|meeting|live|track)\.[{*>$]|["']\$(?:JS|KV)\.|["'](?:AUDIO|MEETING|LEASE|WORK)["']"""
)
MAY_NAME_CARRIERS = {
    "contracts/subjects.py": "the one place",
    "deploy/natsconf.py": "writes the server's rules about them",
}
EFFECTS = {
    "open",
    "connect",
    "run",
    "Popen",
    "getenv",
    "basicConfig",
    "configure",
    "load_model",
    "read_text",
    "read_bytes",
}
INDEX_ADDRESS = re.compile(
    r"--(?:extra-)?index-url|--find-links|https?://[^\s\"']*(?:simple|pypi)[^\s\"']*", re.IGNORECASE
)


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))


def _body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (function.end_lineno or 0) - body[0].lineno + 1 if body else 0


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_a_module_fits_on_a_few_screens(path: Path) -> None:
    lines = len(path.read_text().splitlines())
    assert lines <= MODULE_LINES or _name(path) in EXEMPT, f"{lines} lines"


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_a_function_fits_on_one_screen(path: Path) -> None:
    long = {f.name: _body_lines(f) for f in _functions(ast.parse(path.read_text())) if _body_lines(f) > FUNCTION_LINES}
    assert not long


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_streams_and_subjects_are_named_in_one_module(path: Path) -> None:
    if _name(path) in MAY_NAME_CARRIERS:
        return
    found = [line.strip() for line in _code_lines(path) if CARRIERS.search(line)]
    assert not found


def _code_lines(path: Path) -> list[str]:
    """The lines of a module without its docstrings and comments."""
    source = path.read_text()
    lines = source.splitlines()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            for number in range(node.lineno - 1, node.end_lineno or node.lineno):
                lines[number] = ""
    return [line.split("  # ")[0] for line in lines if not line.lstrip().startswith("#")]


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_importing_a_module_does_nothing(path: Path) -> None:
    tree = ast.parse(path.read_text())
    calls = [c for statement in tree.body if not _runs_later(statement) for c in ast.walk(statement)]
    names = [_called(c) for c in calls if isinstance(c, ast.Call)]
    assert not EFFECTS & set(names)
    assert not any(isinstance(n, ast.Global) for n in ast.walk(tree))


def _runs_later(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.If):
        return "__name__" in ast.dump(statement.test)
    return isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)


def _called(call: ast.Call) -> str:
    function = call.func
    return (
        function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
    )


def test_no_committed_file_names_a_package_index() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    texts = [
        ROOT / n
        for n in listed.stdout.split("\0")
        if n.endswith((".txt", ".toml", ".lock", ".cfg", "Dockerfile", "Makefile"))
    ]
    found = [_name(p) for p in texts if p.exists() and INDEX_ADDRESS.search(p.read_text()) and p.name != "Makefile"]
    assert not found


def test_the_lock_has_a_hash_for_every_package_and_no_torch() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        entries = re.split(r"\n(?=\S)", (ROOT / name).read_text().strip())
        assert all("--hash=sha256:" in entry for entry in entries)
        assert not [e for e in entries if re.match(r"(torch|torchaudio|nvidia)", e)]


def test_every_dependency_is_in_the_lock() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = {"requirements.lock": project["project"]["dependencies"]}
    wanted["requirements-dev.lock"] = project["dependency-groups"]["dev"]
    for file, dependencies in wanted.items():
        locked = set(re.findall(r"^([A-Za-z0-9._-]+)==", (ROOT / file).read_text(), re.MULTILINE))
        names = {re.split(r"[\[<>=!;~ ]", d)[0].lower() for d in dependencies}
        names = {re.sub(r"[._]", "-", name) for name in names}
        assert names <= locked, "run: make lock"
