"""Dagster's instance when `dagster dev` or `dg dev` is started by hand: its storage lies in the home.

the root's `dagster.yaml`, which cannot name a folder by MOODMART_HOME -> this class -> `<home>/dagster`
"""

from collections.abc import Mapping
from typing import Any

import dagster as dg
from dagster._core.instance.ref import InstanceRef  # public by no other name; what a class of one's own has to return

from ingestion.settings import Settings
from orchestration.lib.instance import dagster_home


class HomeInstance(dg.DagsterInstance):
    """The instance of `moodmart run`, `moodmart ui` and their schedules."""

    @classmethod
    def config_schema(cls) -> Mapping[str, Any]:
        """Nothing beside Dagster's own settings."""
        return {}

    @classmethod
    def config_defaults(cls, base_dir: str) -> Mapping[str, Any]:
        """Where runs, events, schedules and logs are kept; `base_dir` would be a folder that goes with the process."""
        return InstanceRef.config_defaults(str(dagster_home(Settings.from_env())))
