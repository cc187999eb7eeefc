# Builds either engine (ENGINE=onnx or pipeline) for either platform (linux/amd64 or linux/arm64):
#
#   docker build --platform linux/amd64 --provenance=false -t agnews .
#
# Needs BuildKit, the default since Docker 23.
# --provenance=false: attestations would turn the image into an index, which Lambda refuses.
# No USER: Lambda uses its own, which is not root, and `sam local invoke` builds on this image as root.

ARG BASE=public.ecr.aws/lambda/python:3.13
ARG ENGINE=onnx
ARG MODEL=embedded
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
ARG HF_ENDPOINT=https://huggingface.co
# The function's architecture, x86_64 or arm64, if known: an image for the other one is refused.
ARG ARCHITECTURE=
ARG VERSION=0.2.0


# Refuses early what would fail in Lambda. The stage `code` copies a file from here, so no image is built without this check;
# the packages do not depend on it, so another MODEL or ARCHITECTURE does not install them again.
FROM ${BASE} AS check
ARG ENGINE
ARG MODEL
ARG ARCHITECTURE
ARG TARGETARCH
ARG HF_ENDPOINT
WORKDIR /build
COPY image/check.py image/
RUN python3 image/check.py --engine "$ENGINE" --model "$MODEL" --function "$ARCHITECTURE" --platform "$TARGETARCH"
COPY agnews agnews
COPY modeling modeling
RUN if [ "$MODEL" != embedded ]; then python3 -B -m modeling.hub_config "$MODEL" "$ENGINE"; fi \
    && touch checked


FROM ${BASE} AS pip
WORKDIR /build
ENV PIP_ROOT_USER_ACTION=ignore \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_NO_COMPILE=1 \
    PIP_NO_DEPS=1 \
    PIP_ONLY_BINARY=:all:


# torch's CPU build has different hashes on each index, so it is pinned by version and installed first. PyPI's has 2 GB of CUDA.
FROM pip AS packages
ARG ENGINE
ARG TORCH_INDEX
COPY image/prepare.py image/
COPY requirements/aws.txt requirements/lambda.txt requirements/pipeline.in requirements/pipeline.txt requirements/
RUN mkdir /reports \
    && if [ "$ENGINE" = pipeline ]; then \
        python3 -m pip install --target /packages --report /reports/torch.json \
            --index-url "$TORCH_INDEX" "$(grep ^torch== requirements/pipeline.in)" \
        && python3 -m pip install --target /packages --report /reports/packages.json \
            --require-hashes -r requirements/pipeline.txt -r requirements/aws.txt; \
    else \
        python3 -m pip install --target /packages --report /reports/packages.json \
            --require-hashes -r requirements/lambda.txt -r requirements/aws.txt; \
    fi && python3 image/prepare.py /packages


# A hub checkpoint (MODEL=OWNER/NAME@REVISION) is converted with torch, which is only in this stage.
FROM pip AS model
ARG MODEL
ARG TORCH_INDEX
COPY requirements/pipeline.in requirements/pipeline.txt requirements/bake.txt requirements/
RUN if [ "$MODEL" != embedded ]; then \
        python3 -m pip install --target /bake --index-url "$TORCH_INDEX" "$(grep ^torch== requirements/pipeline.in)" \
        && python3 -m pip install --target /bake --require-hashes -r requirements/pipeline.txt -r requirements/bake.txt; \
    fi
COPY model_cache model_cache
COPY agnews agnews
COPY modeling modeling
COPY download_model.py ./
ARG ENGINE
ARG HF_ENDPOINT
RUN PYTHONPATH=/bake python3 -B download_model.py --source "$MODEL" --engine "$ENGINE" --target /model


# Loads the handler once during the build, unless the image is for another CPU than the builder's: under emulation of arm64,
# ONNX Runtime reads the host's /sys and /proc/cpuinfo, which contradict the emulated CPU, and crashes. Lambda has neither.
# If the builder does not set BUILDARCH, x86's vendor_id in /proc/cpuinfo reveals the emulation.
FROM ${BASE} AS code
ARG ENGINE
ARG BUILDARCH
ARG TARGETARCH
WORKDIR /build
COPY --from=check /build/checked ./
COPY image/prepare.py image/
COPY agnews /code/agnews
COPY handler.py /code/
RUN --mount=type=bind,from=packages,source=/packages,target=/packages \
    --mount=type=bind,from=model,source=/model,target=/model \
    python3 image/prepare.py /code \
    && if [ "${BUILDARCH:-$TARGETARCH}" != "${TARGETARCH:-$BUILDARCH}" ] \
        || { [ -z "$BUILDARCH" ] && [ "$(uname -m)" = aarch64 ] && grep -q ^vendor_id /proc/cpuinfo; }; then \
        echo "the image is for another CPU than this machine's: the handler is not loaded during this build"; \
    else \
        cd /code \
        && AGNEWS_ENGINE="$ENGINE" AGNEWS_MODEL_DIR=/model PYTHONPATH=/packages python3 -B -c 'import handler'; \
    fi


# The software bill of materials of the last stage.
FROM pip AS sbom
COPY requirements/sbom.txt requirements/
RUN python3 -m pip install --target /tools --require-hashes -r requirements/sbom.txt
COPY image/sbom.py image/
ARG BASE
ARG ENGINE
ARG VERSION
RUN --mount=type=bind,from=packages,source=/packages,target=/packages \
    --mount=type=bind,from=packages,source=/reports,target=/reports \
    --mount=type=bind,from=model,source=/model,target=/model \
    PYTHONPATH=/tools python3 -B image/sbom.py --packages /packages --reports /reports --model /model \
        --base "$BASE" --engine "$ENGINE" --version "$VERSION" --output /sbom.cdx.json


FROM ${BASE}
ARG BASE
ARG ENGINE
ARG MODEL
ARG VERSION
COPY --from=packages /packages ${LAMBDA_TASK_ROOT}
COPY --from=model /model ${LAMBDA_TASK_ROOT}/model_cache
COPY --from=code /code ${LAMBDA_TASK_ROOT}
COPY --from=sbom /sbom.cdx.json ${LAMBDA_TASK_ROOT}/
ENV AGNEWS_ENGINE=${ENGINE} \
    HF_HOME=/tmp/hf \
    HF_HUB_OFFLINE=1 \
    ORT_DISABLE_TELEMETRY=1 \
    TOKENIZERS_PARALLELISM=false
LABEL org.opencontainers.image.title="AG News Lambda" \
      org.opencontainers.image.description="Text classification in AWS Lambda" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.base.name="${BASE}" \
      agnews.engine="${ENGINE}" \
      agnews.model="${MODEL}"
CMD ["handler.lambda_handler"]
