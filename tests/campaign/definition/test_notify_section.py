"""`[notify]` is in no hash and no record; what it may say."""

from __future__ import annotations

from pathlib import Path

import pytest

from glassdask.campaign.definition.campaign import load_campaign
from glassdask.campaign.definition.notify_section import NotifySection
from glassdask.campaign.work.changes import describe_changes
from glassdask.campaign.work.stage_inputs import expected_inputs
from glassdask.cluster.site.site import load_site
from glassdask.errors import InvalidInput
from glassdask.stages.contract.registry import STATE_STAGES
from tests.campaign.campaign_files import SHORT, campaign_from

_NOTIFY = '[notify]\ncommand = "true"\nmail = "me"\nwebhook = "https://example.org/token"\n'


def test_whom_to_tell_is_in_no_hash_and_no_record(tmp_path: Path) -> None:
    """No product is made again for it, no command runs from a folder, and no token lies there."""
    plain = campaign_from(tmp_path, SHORT)
    telling = campaign_from(tmp_path, SHORT + _NOTIFY)
    assert telling.specification.notify.is_on
    assert not plain.specification.notify.is_on
    assert telling.identity == plain.identity
    assert telling.record() == plain.record()
    for stage in STATE_STAGES:
        hashes = {expected_inputs(campaign, campaign.states[0], stage) for campaign in (plain, telling)}
        assert len(hashes) == 1
    telling.folder.mkdir()
    telling.write_record()
    assert "token" not in (telling.folder / "campaign.json").read_text()
    assert not load_campaign(telling.folder).specification.notify.is_on
    plain.write_record()
    assert describe_changes(telling) == "", "it is no change of the campaign"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('mail = "two words"', "notify.mail[0] = 'two words': allowed: a mail address, as 'me@example.org'"),
        ('mail = "-oQ/tmp"', "allowed: a mail address"),
        ('mail = "me"\nmail_server = "host:99999"', "allowed: a host, with its port"),
        ('mail_server = "localhost"', "notify.mail is missing; mail_server and mail_from belong to it"),
        ('webhook = "file:///etc/passwd"', "allowed: an address that begins with https:// or http://, or $NAME"),
        ('command = " "', "allowed: a command of the shell"),
        ("time_limit = 0", "notify.time_limit = 0: allowed: "),
        ('comand = "true"', "notify.comand is not a known key: did you mean 'command'?"),
    ],
)
def test_what_is_not_allowed_is_named(line: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as error:
        campaign_from(tmp_path, f"{SHORT}[notify]\n{line}\n")
    assert message in str(error.value)


def test_a_site_file_has_it_too(tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text('scheduler = "local"\n[notify]\nmail = ["me", "you@example.org"]\n')
    section = load_site(tmp_path / "site.toml").notify
    assert section.mail == ["me", "you@example.org"]
    assert section.mail_host == ("localhost", 25)
    assert NotifySection(mail=["me"], mail_server="mail:587").mail_host == ("mail", 587)
