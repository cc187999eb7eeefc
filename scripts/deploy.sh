#!/usr/bin/env bash
# Builds the image, pushes it to ECR, creates or updates the Lambda function and invokes it once. Needs Docker with buildx,
# and the AWS CLI (v1 or v2) with credentials. Run it again to update: it changes only what differs from the options.
set -euo pipefail

usage() {
    cat <<'USAGE'
usage: scripts/deploy.sh [options]
  --name NAME        name of the function and its ECR repository; the role is NAME-role (default: agnews)
  --region REGION    AWS region (default: AWS_REGION, AWS_DEFAULT_REGION or the profile's region)
  --engine ENGINE    onnx or pipeline (default: unchanged; onnx for a new function)
  --model MODEL      embedded, or a hub checkpoint as ID@REVISION (default: embedded)
  --arch ARCH        x86_64 or arm64 (default: unchanged; x86_64 for a new function)
  --memory MB        128 to 10240 (default: unchanged; for a new function or engine 1769 with onnx, 3008 with pipeline)
  --timeout SECONDS  1 to 900 (default: unchanged; for a new function or engine 60 with onnx, 120 with pipeline)
  --event FILE       the event to invoke the function with (default: examples/events/single.json)
  --tag TAG          roll back: deploy this image from the repository instead of building one
  --dry-run          print the commands that would change something instead of running them
The answer goes to stdout, everything else to stderr. Credentials are the AWS CLI's (AWS_PROFILE and so on).
USAGE
}

say() { printf '==> %s\n' "$*" >&2; }
die() { printf 'deploy: %s\n' "$@" >&2; exit 1; }

# Runs a command that changes something, or with --dry-run prints it to the script's own stdout.
change() {
    if [ "$DRY_RUN" = no ]; then "$@"; else { printf '+'; printf ' %q' "$@"; printf '\n'; } >&3; fi
}

# Runs a look-up and sets FOUND to its output. Fails if AWS answers with the error named first: it does not exist.
exists() {
    local absent=$1; shift
    FOUND=$("$@" 2>"$WORK/error") && return
    grep -q "($absent)" "$WORK/error" && return 1
    die "$(grep . "$WORK/error")" "the command was: $*"
}

read_options() {
    NAME=agnews REGION=${AWS_REGION:-${AWS_DEFAULT_REGION:-}} ENGINE="" MODEL=embedded ARCH=""
    MEMORY="" TIMEOUT="" TAG="" HELD="" DRY_RUN=no EVENT=$ROOT/examples/events/single.json
    while [ $# -gt 0 ]; do
        case $1 in
            --help | -h) usage; exit 0 ;;
            --dry-run) DRY_RUN=yes; shift ;;
            --name | --region | --engine | --model | --arch | --memory | --timeout | --event | --tag)
                [ -n "${2:-}" ] || die "$1 needs a value"
                printf -v "$(tr '[:lower:]' '[:upper:]' <<<"${1#--}")" %s "$2"
                shift 2 ;;
            *) die "unknown option $1; scripts/deploy.sh --help lists them" ;;
        esac
    done
}

check_options() {
    GIVEN_TAG=no
    if [ -n "$TAG" ]; then  # tags are ENGINE-ARCH-ID
        [[ $TAG =~ ^(onnx|pipeline)-(x86_64|arm64)-[0-9a-f]+$ ]] || die "--tag $TAG is not a tag of this script; its tags are ENGINE-ARCH-ID"
        GIVEN_TAG=yes ENGINE=${BASH_REMATCH[1]} ARCH=${BASH_REMATCH[2]}
    fi
    [[ $ENGINE =~ ^(onnx|pipeline)?$ ]] || die "--engine is $ENGINE; choose onnx or pipeline"
    [[ $ARCH =~ ^(x86_64|arm64)?$ ]] || die "--arch is $ARCH; choose x86_64 or arm64"
    [[ $NAME =~ ^[a-z0-9]+([_-][a-z0-9]+)*$ && ${#NAME} -ge 2 && ${#NAME} -le 59 ]] \
        || die "--name is $NAME; use 2 to 59 lower-case letters and digits, with single - or _ between them"
    [[ -z $MEMORY || ($MEMORY =~ ^[1-9][0-9]{0,4}$ && $MEMORY -ge 128 && $MEMORY -le 10240) ]] || die "--memory is $MEMORY; choose 128 to 10240 (MB)"
    [[ -z $TIMEOUT || ($TIMEOUT =~ ^[1-9][0-9]{0,2}$ && $TIMEOUT -le 900) ]] || die "--timeout is $TIMEOUT; choose 1 to 900 (seconds)"
    [ -f "$EVENT" ] && [ -r "$EVENT" ] || die "cannot read the event file $EVENT"
}

check_tools() {
    command -v aws >/dev/null || die "the AWS CLI is missing; https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html"
    [ "$GIVEN_TAG" = no ] || return 0
    command -v docker >/dev/null || die "Docker is missing; https://docs.docker.com/get-started/get-docker/"
    docker version >/dev/null 2>"$WORK/error" || die "Docker does not answer; start it, and check that your user may use it" "$(cat "$WORK/error")"
    docker buildx version >/dev/null 2>&1 || die "Docker has no buildx, which is needed to build for a platform; https://docs.docker.com/build/install-buildx/"
}

check_account() {
    local identity remedy
    [ -n "$REGION" ] || REGION=$(aws configure get region) || die "no region is set; use --region, AWS_REGION or 'aws configure'"
    [[ $REGION =~ ^[a-z]{2,4}(-[a-z]+)+-[0-9]+$ ]] || die "$REGION is not the name of a region; expected one such as us-east-1"
    export AWS_REGION=$REGION AWS_DEFAULT_REGION=$REGION AWS_PAGER=""
    if ! identity=$(aws sts get-caller-identity --query '[Account,Arn]' --output text 2>"$WORK/error"); then
        case $(cat "$WORK/error") in
            *"Unable to locate credentials"*) remedy="there are no AWS credentials; run 'aws configure', or set AWS_PROFILE" ;;
            *"config profile"*"could not be found"*) remedy="there is no profile ${AWS_PROFILE:-}; 'aws configure list-profiles' lists the profiles" ;;
            *[Ee]xpired* | *"SSO Token"*) remedy="the AWS credentials have expired; log in again ('aws sso login', or new keys)" ;;
            *"Could not connect"*) remedy="AWS does not answer in $REGION; check the region's name and your network" ;;
            *) remedy="AWS refuses these credentials in $REGION; check that they are complete and that the region is enabled" ;;
        esac
        die "$remedy" "$(grep . "$WORK/error" | tail -n 1)"
    fi
    ACCOUNT=${identity%%[[:space:]]*}
    PARTITION=$(cut -d: -f2 <<<"$identity")
}

# Sets HELD to the function's image (empty if it is new), LIMITS to its memory and timeout, and fills in missing options.
look_at_function() {
    local kind stack engine="" arch="" memory="" timeout="" facts='Code.ImageUri,Configuration.PackageType'
    if exists ResourceNotFoundException aws lambda get-function --function-name "$NAME" --output text \
        --query "[$facts,Configuration.MemorySize,Configuration.Timeout,Tags.\"aws:cloudformation:stack-name\"]"; then
        read -r HELD kind memory timeout stack <<<"$FOUND"
        [ "$stack" = None ] || die "the function $NAME belongs to the CloudFormation stack $stack; update it with sam deploy, or choose another --name"
        [[ $HELD =~ /$NAME:(onnx|pipeline)-(x86_64|arm64)-[0-9a-f]+$ ]] \
            || die "the function $NAME was not deployed by this script (package: $kind, image: $HELD); choose another --name"
        engine=${BASH_REMATCH[1]} arch=${BASH_REMATCH[2]}
    fi
    # A pipe into grep -q could end the CLI early, and with it the script.
    [ -n "$HELD" ] || aws lambda create-function --generate-cli-skeleton | grep LoggingConfig >/dev/null \
        || die "this AWS CLI is too old: it does not know --logging-config, which is of November 2023; update it"
    LIMITS="$memory $timeout"
    ENGINE=${ENGINE:-${engine:-onnx}} ARCH=${ARCH:-${arch:-x86_64}}
    case $ENGINE in
        "$engine") ;;
        onnx) memory=1769 timeout=60 ;;  # 1,769 MB come with one vCPU
        pipeline) memory=3008 timeout=120 ;;
    esac
    MEMORY=${MEMORY:-$memory} TIMEOUT=${TIMEOUT:-$timeout} PLATFORM=linux/${ARCH/x86_64/amd64}
    say "account $ACCOUNT, region $REGION, function $NAME ($ENGINE, $ARCH, $MEMORY MB, $TIMEOUT s)"
}

# Sets REPOSITORY to the repository's address.
provide_repository() {
    local look=(aws ecr describe-repositories --repository-names "$NAME" --query 'repositories[0].repositoryUri' --output text)
    REPOSITORY=$ACCOUNT.dkr.ecr.$REGION.amazonaws.com/$NAME
    if ! exists RepositoryNotFoundException "${look[@]}"; then
        [ "$GIVEN_TAG" = no ] || die "there is no repository $NAME in $REGION with the image $TAG"
        say "creating the ECR repository $NAME"
        change aws ecr create-repository --repository-name "$NAME" --output text >/dev/null
        [ "$DRY_RUN" = no ] || return 0
        FOUND=$("${look[@]}")
    fi
    REPOSITORY=$FOUND
}

in_repository() {
    exists ImageNotFoundException aws ecr describe-images --repository-name "$NAME" --image-ids "imageTag=$TAG" --output text
}

# Sets TAG to the image's tag. The same image has the same tag, so it is not pushed or deployed twice.
build() {
    local built id cpu
    BUILT=$NAME:$ENGINE-$ARCH
    TAG=$ENGINE-$ARCH-000000000000
    say "building for $PLATFORM"
    # Attestations would turn the image into an index, which Lambda refuses.
    change docker buildx build --platform "$PLATFORM" --provenance=false --sbom=false --load --tag "$BUILT" \
        --build-arg "ENGINE=$ENGINE" --build-arg "MODEL=$MODEL" --build-arg "ARCHITECTURE=$ARCH" "$ROOT" >&2 \
        || die "the image could not be built" \
            "to build for another CPU than this machine's, run: docker run --privileged --rm tonistiigi/binfmt --install all"
    [ "$DRY_RUN" = no ] || return 0
    built=$(docker image inspect --format '{{.Architecture}} {{.Id}}' "$BUILT")
    cpu=${built%% *} id=${built##*[ :]}
    [ "linux/$cpu" = "$PLATFORM" ] || die "the image is for $cpu, but the function is for $ARCH: Lambda would fail with Runtime.InvalidEntrypoint"
    TAG=$ENGINE-$ARCH-${id:0:12}
}

push() {
    local password
    [ "$DRY_RUN" = no ] && in_repository && return
    say "pushing $REPOSITORY:$TAG"
    password=$(aws ecr get-login-password)
    change docker login --username AWS --password-stdin "${REPOSITORY%%/*}" <<<"$password" >&2
    change docker tag "$BUILT" "$REPOSITORY:$TAG"
    change docker push "$REPOSITORY:$TAG" >&2
}

# The role may only write the function's log. Roles have no region, so the policy covers all of them.
provide_role() {
    local trust logs
    ROLE=arn:$PARTITION:iam::$ACCOUNT:role/$NAME-role
    trust='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}'
    logs='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["logs:CreateLogStream","logs:PutLogEvents"],'
    logs+="\"Resource\":\"arn:$PARTITION:logs:*:$ACCOUNT:log-group:/aws/lambda/$NAME:*\"}]}"
    if ! exists NoSuchEntity aws iam get-role --role-name "$NAME-role" --output text; then
        say "creating the role $NAME-role"
        change aws iam create-role --role-name "$NAME-role" --assume-role-policy-document "$trust" --output text >/dev/null
    fi
    change aws iam put-role-policy --role-name "$NAME-role" --policy-name write-own-logs --policy-document "$logs"
}

# Created here, because the one that Lambda creates never expires.
provide_logs() {
    local group=/aws/lambda/$NAME
    FOUND=$(aws logs describe-log-groups --log-group-name-prefix "$group" --output text \
        --query "logGroups[?logGroupName=='$group'].[retentionInDays]")
    [[ ! $FOUND =~ [0-9] ]] || return 0
    say "setting the retention of the log group $group to 30 days"
    [ -n "$FOUND" ] || change aws logs create-log-group --log-group-name "$group"
    change aws logs put-retention-policy --log-group-name "$group" --retention-in-days 30
}

provide_function() {
    local image=$REPOSITORY:$TAG limits=(--memory-size "$MEMORY" --timeout "$TIMEOUT" --output text)
    if [ -z "$HELD" ]; then
        say "creating the function $NAME"
        create_function --code "ImageUri=$image" --architectures "$ARCH" --role "$ROLE" --logging-config LogFormat=JSON "${limits[@]}"
        change aws lambda wait function-active-v2 --function-name "$NAME"
        return
    fi
    change aws lambda wait function-active-v2 --function-name "$NAME"  # an earlier run may have been killed
    if [ "$HELD" != "$image" ]; then
        say "updating the function, which had $HELD"
        change aws lambda update-function-code --function-name "$NAME" --image-uri "$image" --architectures "$ARCH" --output text >/dev/null
        change aws lambda wait function-updated-v2 --function-name "$NAME"
    fi
    [ "$LIMITS" != "$MEMORY $TIMEOUT" ] || return 0
    change aws lambda update-function-configuration --function-name "$NAME" "${limits[@]}" >/dev/null
    change aws lambda wait function-updated-v2 --function-name "$NAME"
}

# Lambda may not know a new role for some seconds.
create_function() {
    local attempt
    for attempt in 1 2 3 4 5 6 7 8 9 10; do
        change aws lambda create-function --function-name "$NAME" --package-type Image "$@" >/dev/null 2>"$WORK/error" && return
        grep -q 'cannot be assumed by Lambda' "$WORK/error" || break
        say "the role is not known to Lambda yet ($attempt of 10)"
        sleep 3
    done
    die "$(grep . "$WORK/error")"
}

invoke() {
    local failed
    say "invoking the function with $EVENT"
    # By default the CLI would give up after 60 s and invoke it again.
    failed=$(change aws lambda invoke --function-name "$NAME" --payload "fileb://$EVENT" --cli-read-timeout $((TIMEOUT + 30)) \
        --query FunctionError --output text "$WORK/answer")
    [ "$DRY_RUN" = no ] || return 0
    printf '%s\n' "$(cat "$WORK/answer")"
    [ "$failed" = None ] || die "the function failed; read its log: aws logs filter-log-events --log-group-name /aws/lambda/$NAME --region $REGION"
}

exec 3>&1
ROOT=$(CDPATH='' cd -- "$(dirname "$0")/.." && pwd)
read_options "$@"
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
check_options
check_tools
check_account
look_at_function
provide_repository
if [ "$GIVEN_TAG" = yes ]; then
    in_repository || die "$REPOSITORY has no image $TAG; it has:" \
        "$(aws ecr describe-images --repository-name "$NAME" --query 'sort_by(imageDetails,&imagePushedAt)[].imageTags[]' --output text)"
else
    build
    push
fi
provide_role
provide_logs
provide_function
invoke
