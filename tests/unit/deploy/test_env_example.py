"""The example file lists every setting, as it is now, with its words."""

import re

from deploy.env_example import TARGET, generate


def test_the_example_lists_every_setting_as_it_is_now() -> None:
    assert TARGET.read_text() == generate(), "run: make env"


def test_every_setting_is_explained() -> None:
    lines = generate().splitlines()
    settings = [n for n, line in enumerate(lines) if re.match(r"#[A-Z_]+=", line)]
    unexplained = [lines[n] for n in settings if not lines[n - 1].startswith("# ")]
    assert len(settings) > 20
    assert not unexplained
