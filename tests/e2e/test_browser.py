"""The browser client end to end: the suite in `client/e2e` starts a real server, Redis and Chromium by itself."""

import subprocess
from pathlib import Path

import pytest

CLIENT = Path(__file__).parents[2] / "client"


@pytest.mark.browser
@pytest.mark.redis
@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("suite", sorted(path.name for path in (CLIENT / "e2e").glob("*.test.ts")))
def test_the_page_in_a_real_browser(suite: str) -> None:
    done = subprocess.run(
        ["npx", "--no", "vitest", "run", "--config", "vitest.e2e.config.ts", f"e2e/{suite}"],
        cwd=CLIENT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
