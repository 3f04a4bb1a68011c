"""Ties an environment to this checkout: its Python finds our packages, its bin folder gets ``rapporteur``.

Run once by ``make setup`` with the Python of the environment. Nothing is built and nothing is fetched.
"""

import sys
import sysconfig
from pathlib import Path

SCRIPT = """#!{python}
import sys

from deploy.cli import main

sys.exit(main())
"""


def link(root: Path, site_packages: Path, scripts: Path, python: str) -> None:
    """Write the path file and the command."""
    (site_packages / "rapporteur.pth").write_text(f"{root}\n")
    command = scripts / "rapporteur"
    command.write_text(SCRIPT.format(python=python))
    command.chmod(0o755)


if __name__ == "__main__":
    link(
        Path(__file__).resolve().parent.parent,
        Path(sysconfig.get_path("purelib")),
        Path(sysconfig.get_path("scripts")),
        sys.executable,
    )
