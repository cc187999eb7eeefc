#!/bin/sh
# Downloads AWS's runtime interface emulator to build/aws-lambda-rie, from the wheel pinned in requirements/emulator.txt.
# Variables: PYTHON, whose pip downloads it (default: python3); EMULATOR_MACHINE, an architecture as `uname -m` prints it
# (default: this machine's); EMULATOR_TARGET, the file to write.
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
        echo "fetch_emulator: there is no emulator for $(uname -s) $MACHINE; set AGNEWS_LEAN=1 to skip its tests" >&2
        exit 1
        ;;
esac

# TARGET.requirement is written last, so after a killed run or a new pinned version the emulator is downloaded again.
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
