"""Write the golden files to `proto/vectors`, or to the folder that is given."""

import sys
from pathlib import Path

from splitseem_proto.vectors import VECTORS, write_vectors

write_vectors(Path(sys.argv[1]) if len(sys.argv) > 1 else VECTORS)
