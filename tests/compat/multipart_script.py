"""A file of several parts, sent and read by MLflow's client with multipart transfers on; prints what it saw."""

import hashlib
import json
import os
import sys
from pathlib import Path

SIZE = 16 * 2**20 + 5

os.environ.update(
    MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD="true",
    MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD="true",
    MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE=str(6 * 2**20),
    MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE=str(8 * 2**20),
    MLFLOW_MULTIPART_DOWNLOAD_MINIMUM_FILE_SIZE=str(6 * 2**20),
    MLFLOW_MULTIPART_DOWNLOAD_CHUNK_SIZE=str(8 * 2**20),
)

import mlflow  # noqa: E402  (reads the settings)

mlflow.set_tracking_uri(sys.argv[1])
content = b"".join(number.to_bytes(4, "big") for number in range(SIZE // 4 + 1))[:SIZE]
Path("big.bin").write_bytes(content)
with mlflow.start_run() as run:
    mlflow.log_artifact("big.bin", "folder")
    mlflow.log_text("small", "small.txt")
copy = mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="folder/big.bin", dst_path="to")
same = hashlib.sha256(Path(copy).read_bytes()).digest() == hashlib.sha256(content).digest()
print(json.dumps({"run_id": run.info.run_id, "same": same}))
