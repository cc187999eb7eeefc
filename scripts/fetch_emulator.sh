#!/bin/sh
# Leaves AWS's runtime interface emulator in build/aws-lambda-rie, from the wheel pinned in requirements/emulator.txt.
# PYTHON chooses the interpreter whose pip downloads it (default: python3), EMULATOR_MACHINE the architecture
# (default: this one's, as uname says it), EMULATOR_TARGET another file.
set -eu
cd "$(dirname "$0")/.."
PYTHON=${PYTHON:-python3}
WANTED=requirements/emulator.txt
MACHINE=${EMULATOR_MACHINE:-$(uname -m)}
TARGET=${EMULATOR_TARGET:-build/aws-lambda-rie}

case $(uname -s)-$MACHINE in
    Linux-x86_64 | Linux-amd64) BINARY=aws-lambda-rie-x86_64 ;;
    Linux-aarch64 | Linux-arm64) BINARY=aws-lambda-rie-arm64 ;;
    *)
        echo "fetch_emulator: no emulator for $(uname -s) $MACHINE; run the tests with AGNEWS_LEAN=1" >&2
        exit 1
        ;;
esac

# The stamp is written last: a killed run, or another pinned version, fetches again.
if [ -x "$TARGET" ] && cmp -s "$WANTED" "$TARGET.requirement"; then
    exit 0
fi
mkdir -p build
FOLDER=$(mktemp -d build/emulator.XXXXXX)
trap 'rm -rf "$FOLDER"' EXIT
trap 'exit 1' HUP INT TERM
"$PYTHON" -m pip download --quiet --no-deps --only-binary :all: --require-hashes -r "$WANTED" --dest "$FOLDER"
"$PYTHON" -m zipfile -e "$FOLDER"/aws_sam_cli-*.whl "$FOLDER/wheel"  # not every machine has unzip
chmod 755 "$FOLDER/wheel/samcli/local/rapid/$BINARY"
mv -f "$FOLDER/wheel/samcli/local/rapid/$BINARY" "$TARGET"
cp "$WANTED" "$TARGET.requirement"
echo "fetch_emulator: $TARGET is ready"
