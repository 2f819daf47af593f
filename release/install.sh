#!/bin/sh
# Installs splitseem from this folder into a new environment. Nothing is fetched.
#   ./install.sh /opt/splitseem
set -eu
target=${1:?usage: install.sh FOLDER}
python=${PYTHON:-python3}
target=$(readlink -m "$target")
cd "$(dirname "$(readlink -f "$0")")"
sha256sum --quiet --check SHA256SUMS || { echo "these files are not those that were packed: copy them again" >&2; exit 1; }
wanted=$(cat PYTHON_VERSION)
found=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
[ "$found" = "$wanted" ] || { echo "packed for Python $wanted, and $python is $found: PYTHON=python$wanted ./install.sh $target" >&2; exit 1; }
[ ! -e "$target" ] || { echo "$target is there already: remove it, or name another folder" >&2; exit 1; }
"$python" -m venv "$target"
"$target/bin/pip" install --quiet --no-index --find-links packages --requirement requirements.txt
"$target/bin/pip" install --quiet --no-index --find-links packages --no-deps --requirement alone.txt
echo "splitseem is installed: $target/bin/splitseem serve"
