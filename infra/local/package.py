"""Package the application: `chalice package` on a clean copy, then a zip that holds only what runs.

What Chalice leaves to be done is done here: its own cache tells contents apart but not names, it ships
whatever lies about (compiled files), and botocore brings the descriptions of 400 services of which we speak
to seven. The finished package is kept in `.relance/packages/` under a hash of everything that went in, so
the next deploy takes no time.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from chalicelib.web.pages.messages import compile_sources
from infra.web.assets import AssetsMissing, have_assets

PROJECT = Path(__file__).resolve().parents[2]
KEPT_IN = PROJECT / ".relance" / "packages"
MERGE_TEMPLATE = Path("infra", "resources.yaml")
LOCK = Path("requirements-dev.lock")
LOCK_OF_SCRIPTS = Path("infra", "web", "package-lock.json")
INPUTS = (
    Path("app.py"), Path("chalicelib"), Path("templates"), Path("requirements.txt"), LOCK,
    Path(".chalice", "config.json"), MERGE_TEMPLATE,
)  # fmt: skip
AWS_SERVICES = frozenset({"cognito-idp", "dynamodb", "s3", "secretsmanager", "ses", "sesv2", "sqs", "sts"})
"""What the functions call. A test reads bootstrap and fails when it asks for another."""

LOCALES = frozenset({"root", "en", "en_001", "en_GB", "fr"})
"""Of Babel's 1,100, what the pages speak, with those that these are built on."""

PACKAGES_KEPT = 10

NOT_COMPILED = "/holidays/(countries|financial|calendars)/"
"""Of 250 countries' holidays a container reads two."""

# Who learns needs numpy, who reads does not: `relance train` stays at home.
NEVER_SHIPPED = ("__pycache__", ".DS_Store", "*.pyc", "training.py", "train_command.py")
ZIP_DATE = (1980, 1, 1, 0, 0, 0)  # the same content gives the same bytes, and CloudFormation sees no change


class PackagingFailed(Exception):
    """The package could not be made. The message is one line; `said` is all that the tool printed."""

    def __init__(self, tool: str, said: str) -> None:
        self.said = said
        lines = said.splitlines() or ["it said nothing"]
        errors = [line.split("ERROR: ", 1)[1] for line in lines if "ERROR: " in line]
        super().__init__(f"{tool}: {' / '.join(errors or lines[-1:])}")


@dataclass(frozen=True)
class Package:
    """What CloudFormation needs: the template (its code is `./deployment.zip`) and the zip."""

    template: Path
    zip: Path


def package(stage: str, *, project: Path = PROJECT, kept_in: Path = KEPT_IN) -> Package:
    """The package of one stage, made anew only when something that goes into it has changed."""
    _have_scripts(stage, project)
    kept = kept_in / f"{stage}-{_hash_of_inputs(project)}"
    if not kept.is_dir():
        kept_in.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept_in, prefix="making-") as folder:
            made = _make(stage, project, Path(folder))
            try:
                made.rename(kept)
            except OSError:
                # Somebody else has just made the very same one.
                if not kept.is_dir():
                    raise
        _forget_old(kept_in)
    return Package(template=kept / "sam.yaml", zip=kept / "deployment.zip")


def _have_scripts(stage: str, project: Path) -> None:
    """The pages' scripts, which are not committed. Without them pages still work, by links and forms: a trial may."""
    if not (project / LOCK_OF_SCRIPTS).is_file():
        return
    try:
        have_assets(project)
    except AssetsMissing as error:
        if stage != "local":
            raise PackagingFailed("make assets", str(error)) from error
        print(f"{error}; the pages will work without them", file=sys.stderr)


def _forget_old(kept_in: Path) -> None:
    packages = [path for path in kept_in.iterdir() if not path.name.startswith("making-")]
    for old in sorted(packages, key=lambda path: path.stat().st_mtime)[:-PACKAGES_KEPT]:
        shutil.rmtree(old, ignore_errors=True)


def _make(stage: str, project: Path, folder: Path) -> Path:
    copy, out = folder / "project", folder / "package"
    _copy_inputs(project, copy)
    _run_chalice(stage, copy, out)
    _make_lean(out / "deployment.zip")
    return out


def _copy_inputs(project: Path, copy: Path) -> None:
    for path in inputs(project):
        target = copy / path.relative_to(project)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    _compile_texts(copy / "templates" / "web" / "messages")
    # Only vendor/ is shipped beside app.py and chalicelib/; what it holds lands at the top of the zip.
    (copy / "vendor").mkdir()
    (copy / "vendor" / "templates").symlink_to(copy / "templates")


def _compile_texts(folder: Path) -> None:
    """One compiled catalogue a language instead of its sources: a container reads it in a millisecond."""
    for sources in sorted(path for path in folder.glob("*") if path.is_dir()):
        compiled = compile_sources(tuple(sorted(sources.glob("*.po"))))
        (folder / f"{sources.name}.mo").write_bytes(compiled)
        shutil.rmtree(sources)


def _run_chalice(stage: str, copy: Path, out: Path) -> None:
    command = [
        sys.executable, "-c", "import sys; from chalice.cli import main; sys.exit(main())",
        "--project-dir", str(copy), "package", "--stage", stage,
        "--merge-template", str(copy / MERGE_TEMPLATE), "--template-format", "yaml", str(out),
    ]  # fmt: skip
    env = {
        **os.environ,
        "AWS_DEFAULT_REGION": os.environ.get("AWS_DEFAULT_REGION", "eu-west-3"),  # asked for, never called
        # requirements.txt pins what we name; the lock pins what those drag in, as the tests had it.
        "PIP_CONSTRAINT": str(copy / LOCK),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = subprocess.run(command, cwd=copy, env=env, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    said = f"{done.stdout}\n{done.stderr}".strip()
    # Chalice ends with 0 even where a requirement has no wheel for Lambda, and ships the zip without it.
    if done.returncode != 0 or "Could not install dependencies" in said:
        raise PackagingFailed("chalice package", said)


def _make_lean(zip_file: Path) -> None:
    """Leave out what never runs, compile the rest, write entries in one order and with one date."""
    with tempfile.TemporaryDirectory(dir=zip_file.parent) as folder:
        task = Path(folder)
        with ZipFile(zip_file) as full:
            full.extractall(task, [name for name in full.namelist() if _is_shipped(name)])
        _compile(task)
        lean = zip_file.with_suffix(".lean")
        with ZipFile(lean, "w", ZIP_DEFLATED) as target:
            for path in sorted(task.rglob("*")):
                if path.is_file():
                    entry = ZipInfo(path.relative_to(task).as_posix(), ZIP_DATE)
                    entry.compress_type = ZIP_DEFLATED
                    entry.external_attr = 0o644 << 16
                    target.writestr(entry, path.read_bytes())
    lean.replace(zip_file)


def _compile(task: Path) -> None:
    """Compile once here what every new container would compile again: a cold start takes a third of the time.

    Unchecked: the date of a source says nothing, since every entry of the zip has the same.
    """
    command = [
        sys.executable, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash",
        "-x", NOT_COMPILED, "-s", str(task), "-p", "/var/task", str(task),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise PackagingFailed("compileall", (done.stdout + done.stderr).strip())


def _is_shipped(name: str) -> bool:
    folders = name.split("/")
    if folders[:2] in (["botocore", "data"], ["boto3", "data"]) and len(folders) > 3:
        return folders[2] in AWS_SERVICES
    if folders[:2] == ["babel", "locale-data"]:
        return folders[2].partition(".")[0] in LOCALES
    return folders[:2] != ["boto3", "examples"] and "__pycache__" not in folders and not name.endswith("/")


def _hash_of_inputs(project: Path) -> str:
    digest = hashlib.sha256(f"{sys.version_info[:2]} {sys.platform} {_own_source()}".encode())
    for path in inputs(project):
        content = path.read_bytes()
        digest.update(f"\0{path.relative_to(project).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:20]


def _own_source() -> str:
    return hashlib.sha256(Path(__file__).read_bytes()).hexdigest()


def inputs(project: Path) -> Iterator[Path]:
    """Every file that goes into a package."""
    roots = [project / path for path in INPUTS] + sorted((project / ".chalice").glob("policy-*.json"))
    for root in roots:
        files = sorted(root.rglob("*")) if root.is_dir() else [root]
        for path in files:
            if path.is_file() and not any(part in NEVER_SHIPPED for part in path.parts) and path.suffix != ".pyc":
                yield path
