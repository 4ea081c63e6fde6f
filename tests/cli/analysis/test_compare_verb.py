"""``glassdask compare``: what it prints."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.operations.comparison.test_comparison import TABLE_1, cube, remeasured, written


def test_the_table_and_what_is_expected(call, tmp_path: Path) -> None:
    first, second = (written(remeasured(cube(), seed), tmp_path / f"{seed}.nc") for seed in (1, 2))
    answer = call("compare", first, second, "--rows", "3", "--figure", tmp_path / "both")
    assert answer.code == 0
    assert "in common: 8" in answer.out
    assert "expected of two independent runs" in answer.out
    assert "(A-B)/error" in answer.out
    assert "_rho1.2_T" in answer.out
    assert str(tmp_path / "both" / "compared_scattering.png") in answer.out
    assert (tmp_path / "both" / "compared_scattering.png").stat().st_size > 10_000
    found = json.loads(call("compare", first, second, "--json").out)
    assert found["n_states"] == {"common": 8, "A": 8, "B": 8}
    assert {"state", "rows", "variables"} & set(found) == {"rows", "variables"}


def test_a_campaign_without_results_has_nothing_to_compare(call, tmp_path: Path) -> None:
    (tmp_path / "new.toml").write_text(call("init").out)
    answer = call("compare", tmp_path / "new.toml", TABLE_1)
    assert answer.code == 2
    assert "does not exist yet; 'glassdask run FILE.toml' starts the campaign" in answer.err


def test_a_report_of_two_is_one_page_of_both(call, tmp_path: Path) -> None:
    first, second = (written(remeasured(cube(), seed), tmp_path / f"{seed}.nc") for seed in (1, 2))
    answer = call("report", first, second, "--output", tmp_path / "both.html")
    assert (answer.code, answer.out) == (0, f"{tmp_path / 'both.html'}\n")
    page = (tmp_path / "both.html").read_text()
    assert page.count("data:image/png;base64,") == 3
    assert not re.search(r'(src|href)="(?!data:)', page), "it loads nothing"
    assert "<td>1 ± 0.35</td>" in page, "what is expected of the relaxation times"
    missing = call("report", first, second)
    assert missing.code == 2
    assert "--output is missing; a page of two campaigns belongs to neither" in missing.err
    assert "allowed: a name ending in .html" in call("report", first, second, "--output", tmp_path / "both.pdf").err
