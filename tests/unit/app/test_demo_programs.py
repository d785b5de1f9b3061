"""The programs that the demo starts, and what is said when one is not there."""

from pathlib import Path

import pytest

from cleo.app.settings import passed_on
from cleo.channels.whatsapp.cloud.demo import simulated_phone
from cleo.domain.errors import ConfigError


def test_the_cloud_simulator_gets_no_settings_of_cleo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHATSAPP_CLOUD_TOKEN", "canary")
    program = simulated_phone.simulator_program(passed_on())
    assert "canary" not in program.env.values()
    assert program.command[-1] == "--supervised"


def test_a_cloud_simulator_that_is_not_there_is_said_with_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulated_phone, "REPOSITORY", tmp_path)
    with pytest.raises(ConfigError, match=r"cloud-simulator is not there.*make demo ARGS=--backend=cloud"):
        simulated_phone.simulator_program(passed_on())
