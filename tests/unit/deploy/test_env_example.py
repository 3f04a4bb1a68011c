"""The example file lists every setting, as it is now, with its words."""

import re

from deploy.env_example import TARGET, generate


def names(text: str) -> set[str]:
    return set(re.findall(r"^#([A-Z_]+)=", text, re.MULTILINE))


def test_the_example_lists_every_setting() -> None:
    assert names(TARGET.read_text()) == names(generate()), "run: make env"


def test_every_setting_is_explained() -> None:
    lines = generate().splitlines()
    settings = [n for n, line in enumerate(lines) if re.match(r"#[A-Z_]+=", line)]
    unexplained = [lines[n] for n in settings if not lines[n - 1].startswith("# ")]
    assert len(settings) > 20
    assert not unexplained
