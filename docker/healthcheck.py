"""Exit 0 when the URL given answers with a success within five seconds, else 1. Needs no curl."""

import sys
from urllib.error import URLError
from urllib.request import urlopen

TIMEOUT_S = 5


def main() -> int:
    """Ask once and say why not."""
    if len(sys.argv) != 2:
        print(f"usage: {sys.argv[0]} URL", file=sys.stderr)
        return 2
    try:
        with urlopen(sys.argv[1], timeout=TIMEOUT_S):
            return 0
    except (URLError, TimeoutError, ConnectionError, ValueError) as error:
        print(f"{sys.argv[1]}: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
