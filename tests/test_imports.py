"""Imports run one way, and the core knows nothing of terminals."""

from __future__ import annotations

import ast
from pathlib import Path

SRC = Path(__file__).parents[1] / "src" / "understudy"
BASE = {"types", "errors", "permits", "config", "events", "files", "home"}
LAYERS = ("paper", "video", "weights", "faces", "faceset", "model", "swap", "train", "merge", "provenance", "verify")
"""A package may import those before it. (`weights` stands beside `video`: it imports only the base.)"""
TOP = {"verifier", "studio", "pipeline", "doctor", "api", "cli", "terminal", "reference", "crash", "demo"}
INTERFACES = {"rich", "cyclopts"}


def imports(path: Path) -> set[tuple[str, ...]]:
    """Absolute names of all imports of a module, `understudy.` left out for our own."""
    package = ("understudy", *path.relative_to(SRC).parent.parts)
    found: set[tuple[str, ...]] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {tuple(alias.name.split(".")) for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = (*base, *(node.module.split(".") if node.module else ()))
            found.add(module)
            if node.module is None:
                found |= {(*module, alias.name) for alias in node.names}
    return found


def modules() -> list[Path]:
    return sorted(SRC.rglob("*.py"))


def part_of_tree(path: Path) -> str:
    first = path.relative_to(SRC).parts[0]
    return first.removesuffix(".py")


def ours(path: Path) -> set[str]:
    return {name[1] for name in imports(path) if name[0] == "understudy" and len(name) > 1}


def test_every_part_is_known() -> None:
    known = BASE | set(LAYERS) | TOP | {"run", "project", "store", "__init__"}
    assert {part_of_tree(path) for path in modules()} <= known


def test_imports_run_one_way() -> None:
    wrong = []
    for path in modules():
        part = part_of_tree(path)
        if part in BASE:
            allowed = BASE
        elif part in LAYERS:
            allowed = BASE | set(LAYERS[: LAYERS.index(part) + 1])
        elif part in ("run", "store", "project"):
            allowed = BASE | {"run", "store", "project"}
        else:
            continue
        allowed |= {"__version__"}
        wrong += [f"{path.relative_to(SRC)} imports {name}" for name in sorted(ours(path) - allowed)]
    assert not wrong


def test_nothing_below_the_command_line_prints_asks_or_draws() -> None:
    wrong = []
    for path in modules():
        if part_of_tree(path) in TOP - {"pipeline", "api", "doctor"}:
            continue
        for name in imports(path):
            if name[0] in INTERFACES or name[:2] in {("understudy", "cli"), ("understudy", "terminal")}:
                wrong.append(f"{path.relative_to(SRC)} imports {'.'.join(name)}")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("print", "input"):
                wrong.append(f"{path.relative_to(SRC)}:{node.lineno} calls {node.func.id}")
    assert not wrong


def test_no_pickle_is_read() -> None:
    for path in modules():
        text = path.read_text(encoding="utf-8")
        assert "allow_pickle=True" not in text and "weights_only=False" not in text, path
        assert ("pickle",) not in imports(path), path
