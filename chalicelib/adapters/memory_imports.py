"""Imported files and the door for uploads in memory: the fakes that quick tests run on."""

from __future__ import annotations

from threading import Lock

from chalicelib.ports import FileImport, UploadForm


class FakeImportLog:
    """An ImportLog."""

    def __init__(self) -> None:
        self.files: dict[str, FileImport] = {}
        self._one_at_a_time = Lock()

    def get(self, id_: str) -> FileImport | None:
        return self.files.get(id_)

    def keep(self, before: FileImport | None, after: FileImport) -> bool:
        with self._one_at_a_time:
            stands = self.files.get(after.id)
            if (stands.turn if stands else None) != (before.turn if before else None):
                return False
            self.files[after.id] = after
            return True

    def latest(self, limit: int) -> tuple[FileImport, ...]:
        return tuple(self.files[id_] for id_ in sorted(self.files, reverse=True)[:limit])


class FakeUploadDoor:
    """An UploadDoor that leads nowhere."""

    def origin(self) -> str:
        return "https://imports.example"

    def open(self, prefix: str, *, largest: int, seconds: int, back: str = "", name: str = "") -> UploadForm:
        fields = {"key": prefix + (name or "${filename}"), "policy": f"up to {largest} bytes within {seconds} s"}
        after = {"success_action_redirect": back} if back else {}
        return UploadForm(url=f"{self.origin()}/", fields={**fields, **after})
