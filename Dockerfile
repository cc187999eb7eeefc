# One file, two engines (ENGINE=onnx or pipeline), two platforms (linux/amd64 or linux/arm64):
#
#   docker build --platform linux/amd64 --provenance=false -t agnews .
#
# --provenance=false: attestations would make an image index, which Lambda refuses.
# No USER: Lambda brings its own, which is not root, and `sam local invoke` builds on this image as root.

ARG BASE=public.ecr.aws/lambda/python:3.13
ARG ENGINE=onnx
ARG MODEL=embedded
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
ARG HF_ENDPOINT=https://huggingface.co
# The function's architecture, x86_64 or arm64, where it is known: an image of the other one is refused.
ARG ARCHITECTURE=
ARG VERSION=0.1.0


# Refuses what could only fail later, in Lambda.
FROM ${BASE} AS start
ARG ENGINE
ARG MODEL
ARG ARCHITECTURE
ARG TARGETARCH
WORKDIR /build
COPY image/check.py image/
RUN python3 image/check.py --engine "$ENGINE" --model "$MODEL" --function "$ARCHITECTURE" --platform "$TARGETARCH"
ENV PIP_ROOT_USER_ACTION=ignore \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_NO_COMPILE=1 \
    PIP_NO_DEPS=1 \
    PIP_ONLY_BINARY=:all:


# torch's CPU build has other hashes on each index, so it is pinned by version and comes first; PyPI's has 2 GB of CUDA.
FROM start AS packages
ARG ENGINE
ARG TORCH_INDEX
COPY image/settle.py image/
COPY requirements/lambda.txt requirements/pipeline.in requirements/pipeline.txt requirements/
RUN if [ "$ENGINE" = pipeline ]; then \
        python3 -m pip install --target /packages --index-url "$TORCH_INDEX" "$(grep ^torch== requirements/pipeline.in)" \
        && python3 -m pip install --target /packages --require-hashes -r requirements/pipeline.txt; \
    else \
        python3 -m pip install --target /packages --require-hashes -r requirements/lambda.txt; \
    fi && python3 image/settle.py /packages


# A hub checkpoint (MODEL=OWNER/NAME@REVISION) is converted with torch, which stays in this stage.
FROM start AS model
ARG ENGINE
ARG MODEL
ARG TORCH_INDEX
ARG HF_ENDPOINT
COPY requirements/pipeline.in requirements/pipeline.txt requirements/bake.txt requirements/
RUN if [ "$MODEL" != embedded ]; then \
        python3 -m pip install --target /bake --index-url "$TORCH_INDEX" "$(grep ^torch== requirements/pipeline.in)" \
        && python3 -m pip install --target /bake --require-hashes -r requirements/pipeline.txt -r requirements/bake.txt; \
    fi
COPY model_cache model_cache
COPY agnews agnews
COPY modeling modeling
COPY download_model.py ./
RUN PYTHONPATH=/bake python3 -B download_model.py --source "$MODEL" --engine "$ENGINE" --target /model


# Loads the whole, once, before it is an image; but not arm64 emulated on x86, where ONNX Runtime reads the host's /sys
# and /proc/cpuinfo, which contradict the emulated CPU, and crashes. Lambda on arm64 shows it neither.
FROM start AS code
ARG ENGINE
COPY image/settle.py image/
COPY agnews /code/agnews
COPY handler.py /code/
RUN --mount=type=bind,from=packages,source=/packages,target=/packages \
    --mount=type=bind,from=model,source=/model,target=/model \
    python3 image/settle.py /code \
    && if [ "$(uname -m)" = aarch64 ] && grep -q ^vendor_id /proc/cpuinfo; then \
        echo "emulated: the handler is not loaded during this build"; \
    else \
        cd /code \
        && AGNEWS_ENGINE="$ENGINE" AGNEWS_MODEL_DIR=/model PYTHONPATH=/packages python3 -B -c 'import handler'; \
    fi


FROM ${BASE}
ARG BASE
ARG ENGINE
ARG MODEL
ARG VERSION
COPY --from=packages /packages ${LAMBDA_TASK_ROOT}
COPY --from=model /model ${LAMBDA_TASK_ROOT}/model_cache
COPY --from=code /code ${LAMBDA_TASK_ROOT}
ENV AGNEWS_ENGINE=${ENGINE} \
    HF_HOME=/tmp/hf \
    HF_HUB_OFFLINE=1 \
    ORT_DISABLE_TELEMETRY=1 \
    TOKENIZERS_PARALLELISM=false
LABEL org.opencontainers.image.title="AG News Lambda" \
      org.opencontainers.image.description="News-topic classification (World, Sports, Business, Sci/Tech)" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.base.name="${BASE}" \
      agnews.engine="${ENGINE}" \
      agnews.model="${MODEL}"
CMD ["handler.lambda_handler"]
