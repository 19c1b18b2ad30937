"""The Management API of dedicated endpoints (private preview): versions of weights, deployments."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote

from .answers import json_answer, not_found
from .checks import DICT, LIST, TEXT, Check, faults_of
from .engines import RequestRefused
from .exchange import Answer, ReceivedRequest

_ALIAS = re.compile(r"[a-z][a-zA-Z0-9-]{0,126}[a-z0-9]")
_VERSION = re.compile(r"orgs/([^/]+)/models/([^/]+)/versions/([^/]+)")
_UPLOAD: dict[str, Check] = {"model_arch_id": TEXT, "model": DICT}
_WEIGHTS: dict[str, Check] = {
    "weight_uri": TEXT,
    "version_aliases": LIST,
    "system_fingerprint_suffix": TEXT,
}


class Management:
    """One organization, `my-org`, with an endpoint `my-org-<model>` for each listed model.

    Shapes and rules are those of inference-docs.cerebras.ai, "Management API". No weights are
    fetched and nothing is deployed: an upload is `queued`, at the next look `in_progress`, then
    `done`, and a deployment is `not_started`, `in_progress`, `complete` in the same way.
    """

    def __init__(self, architectures: Iterable[str], *, organization: str = "my-org") -> None:
        self._organization = organization
        self._versions: dict[str, dict[int, dict[str, Any]]] = {n: {} for n in architectures}
        self._last = dict.fromkeys(self._versions, 0)
        self._deployed: dict[str, list[dict[str, Any]]] = {
            f"{organization}-{name}": [] for name in self._versions
        }
        self._created = int(time.time())
        self._updated = dict.fromkeys(self._deployed, self._created)

    def endpoint(
        self, request: ReceivedRequest, rest: list[str], decode: Callable[[], dict[str, Any]]
    ) -> Callable[[], Answer] | None:
        """`/management/v1` and below; `decode` reads the body of the request."""
        match request.method, [unquote(part) for part in rest]:
            case method, ["orgs", org, *below]:
                inner = self._of_organization(method, below, decode)
                return None if inner is None else lambda: self._for(org, inner)
            case "GET", ["endpoints", name]:
                return lambda: json_answer(self._status(name))
            case "POST", ["endpoints", verb] if verb.endswith(":deployModel"):
                name = verb.removesuffix(":deployModel")
                return lambda: json_answer(self._deploy(name, decode()))
        return None

    def _of_organization(
        self, method: str, below: list[str], decode: Callable[[], dict[str, Any]]
    ) -> Callable[[], dict[str, Any]] | None:
        match method, below:
            case "GET", ["models"]:
                return lambda: {"model_architectures": list(self._versions)}
            case "POST", ["models:upload"]:
                return lambda: self._upload(decode())
            case "GET", ["models", arch, "versions"]:
                return lambda: {"model_versions": self._list(arch)}
            case "GET", ["models", arch, "versions", name]:
                return lambda: self._look(arch, self._number(arch, name))
            case "PATCH", ["models", arch, "versions", name]:
                return lambda: self._rename(arch, name, decode())
            case "DELETE", ["models", arch, "versions", name]:
                return lambda: self._delete(arch, name)
            case "GET", ["endpoints"]:
                return lambda: {"endpoints": [self._described(name) for name in self._deployed]}
        return None

    def _for(self, organization: str, inner: Callable[[], dict[str, Any]]) -> Answer:
        if organization != self._organization:
            raise not_found("organization", organization)
        return json_answer(inner())

    def _require_architecture(self, arch: str) -> None:
        if arch not in self._versions:
            raise not_found("model", arch)

    def _upload(self, body: dict[str, Any]) -> dict[str, Any]:
        _check(body, _UPLOAD, required=("model_arch_id", "model"))
        weights = body["model"]
        _check(weights, _WEIGHTS, required=("weight_uri",))
        if not weights["weight_uri"].startswith("s3://"):
            raise RequestRefused("weight_uri: Input should be an S3 URI (s3://...)")
        arch = body["model_arch_id"]
        self._require_architecture(arch)
        aliases = weights.get("version_aliases") or []
        self._check_aliases(arch, aliases, but=None)
        self._last[arch] += 1  # a number is not given twice
        version = {
            "customer_s3_uri": weights["weight_uri"],
            "version_aliases": aliases,
            "sync_status": "queued",
        }
        if suffix := weights.get("system_fingerprint_suffix"):
            version["system_fingerprint_suffix"] = suffix
        self._versions[arch][self._last[arch]] = version
        return self._shown(arch, self._last[arch])

    def _list(self, arch: str) -> list[dict[str, Any]]:
        self._require_architecture(arch)
        return [self._look(arch, number) for number in self._versions[arch]]

    def _look(self, arch: str, number: int) -> dict[str, Any]:
        version = self._versions[arch][number]
        version["sync_status"] = "done" if version["sync_status"] != "queued" else "in_progress"
        return self._shown(arch, number)

    def _shown(self, arch: str, number: int) -> dict[str, Any]:
        version = self._versions[arch][number]
        done = version["sync_status"] == "done"
        return {"name": self._name(arch, number), "done": done, "response": version}

    def _name(self, arch: str, number: int) -> str:
        return f"orgs/{self._organization}/models/{arch}/versions/{number}"

    def _number(self, arch: str, name: str) -> int:
        """The number of a version that is named by it or by an alias."""
        self._require_architecture(arch)
        for number, version in self._versions[arch].items():
            if name == str(number) or name in version["version_aliases"]:
                return number
        raise not_found("version", name)

    def _rename(self, arch: str, name: str, body: dict[str, Any]) -> dict[str, Any]:
        number = self._number(arch, name)
        _check(body, {"version_aliases": LIST}, required=("version_aliases",))
        self._check_aliases(arch, body["version_aliases"], but=number)
        self._versions[arch][number]["version_aliases"] = body["version_aliases"]
        return {"name": self._name(arch, number), "version_aliases": body["version_aliases"]}

    def _check_aliases(self, arch: str, aliases: list[Any], *, but: int | None) -> None:
        taken = {
            alias
            for number, version in self._versions[arch].items()
            if number != but
            for alias in version["version_aliases"]
        }
        for alias in aliases:
            if not isinstance(alias, str) or not _ALIAS.fullmatch(alias):
                raise RequestRefused(f"version_aliases: Input should match {_ALIAS.pattern}")
            if alias in taken:
                raise RequestRefused(f"version_aliases: '{alias}' is the alias of another version")

    def _delete(self, arch: str, name: str) -> dict[str, Any]:
        number = self._number(arch, name)
        del self._versions[arch][number]
        return {"name": self._name(arch, number), "deleted": True}

    def _described(self, name: str) -> dict[str, Any]:
        return {
            "endpoint_id": name,
            "model_arch_id": self._architecture(name),
            "created": self._created,
            "updated": self._updated[name],
            "org_name": self._organization,
        }

    def _architecture(self, name: str) -> str:
        if name not in self._deployed:
            raise not_found("endpoint", name)
        return name.removeprefix(f"{self._organization}-")

    def _status(self, name: str) -> dict[str, Any]:
        arch = self._architecture(name)
        for model in self._deployed[name]:
            model["state"] = "complete" if model["state"] != "not_started" else "in_progress"
        return {
            "name": name,
            "model_arch_id": arch,
            "deployed_models": self._deployed[name],
            "managing_org_name": self._organization,
            "created": self._created,
            "updated": self._updated[name],
        }

    def _deploy(self, name: str, body: dict[str, Any]) -> dict[str, Any]:
        arch = self._architecture(name)
        _check(body, {"model": TEXT}, required=("model",))
        parts = _VERSION.fullmatch(body["model"])
        if parts is None or parts[1] != self._organization or parts[2] != arch:
            raise RequestRefused(
                f"model: Input should be {self._name(arch, 1)}, or another version of it"
            )
        number = self._number(arch, parts[3])
        version = self._versions[arch][number]
        if version["sync_status"] != "done":
            raise RequestRefused(f"model: the upload of version {number} is not done")
        now = int(time.time())
        deployment = str(uuid.uuid4())
        self._updated[name] = now
        self._deployed[name] = [
            {
                "id": deployment,
                "model": self._name(arch, number),
                "version_alias": next(iter(version["version_aliases"]), None),
                "created": now,
                "state": "not_started",
            }
        ]
        response = {
            "deployment_id": deployment,
            "endpoint_id": name,
            "org_name": self._organization,
            "model_arch_id": arch,
            "version_id": number,
            "created": now,
            "updated": now,
            "rollout_status": "not_started",
        }
        return {"name": deployment, "done": False, "response": response}


def _check(body: dict[str, Any], fields: dict[str, Check], *, required: tuple[str, ...]) -> None:
    if faults := faults_of(body, fields, required=required, never_null=frozenset(required)):
        raise RequestRefused("\n".join(faults))
