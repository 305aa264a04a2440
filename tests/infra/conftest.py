"""The packaged application and a deployed stack, made once a run."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.local.package import PROJECT, Package, inputs, package


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One worker makes the package and deploys it, whatever the number of workers."""
    for item in items:
        if "packaged" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("deployed"))


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project as it was when the run began: somebody may go on writing meanwhile."""
    copy = tmp_path_factory.mktemp("project")
    for path in inputs(PROJECT):
        target = copy / path.relative_to(PROJECT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    return copy


@pytest.fixture(scope="session")
def packaged(project: Path) -> Package:
    """What would be deployed."""
    return package("local", project=project)


@pytest.fixture(scope="session")
def template(packaged: Package) -> dict[str, Any]:
    """The merged template, before CloudFormation expands it."""
    loaded: dict[str, Any] = yaml.safe_load(packaged.template.read_text("utf-8"))
    return loaded


@pytest.fixture(scope="session")
def unzipped(packaged: Package, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The zip as Lambda unpacks it."""
    folder = tmp_path_factory.mktemp("task")
    with zipfile.ZipFile(packaged.zip) as archive:
        archive.extractall(folder)
    return folder
