"""Write the sample shop, or check that what is written is what would be.

python -m sample_data.generate
python -m sample_data.generate --check
"""

import argparse
import gzip
import sys
from pathlib import Path

from sample_data import ANSWERS, HERE
from sample_data.shop import as_json, open_shop


def fresh() -> dict[Path, bytes]:
    """Every file, newly generated and not compressed."""
    shop = open_shop()
    files = {
        HERE / batch / f"{source}.ndjson.gz": "".join(f"{line}\n" for line in file.lines).encode()
        for batch, sources in shop.files.items()
        for source, file in sources.items()
    }
    return {**files, ANSWERS: as_json(shop.answers).encode()}


def committed(path: Path) -> bytes:
    """What lies there now, not compressed."""
    content = path.read_bytes() if path.exists() else b""
    return gzip.decompress(content) if path.suffix == ".gz" and content else content


def write(path: Path, content: bytes) -> None:
    """Write one file; compressed ones carry no time, so that they stay the same."""
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(gzip.compress(content, 9, mtime=0) if path.suffix == ".gz" else content)


def main(arguments: list[str] | None = None) -> int:
    """The command: 0 done or equal, 1 different."""
    parser = argparse.ArgumentParser(description="Write the sample shop's files.")
    parser.add_argument("--check", action="store_true", help="only compare with what is there")
    if not parser.parse_args(arguments).check:
        for path, content in fresh().items():
            write(path, content)
        return 0
    different = [path for path, content in fresh().items() if committed(path) != content]
    for path in different:
        print(f"{path.relative_to(HERE)} differs from what the generator writes", file=sys.stderr)
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
