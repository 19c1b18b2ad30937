"""The requests of the Management API, signed with the key that it alone takes.

Source: https://inference-docs.cerebras.ai/dedicated/management-api
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ...errors import InvalidRequestError
from ..http import Request
from ..options import ClientOptions, NotGiven
from ..secret import Hidden
from ..timeout import TimeoutInput
from .body import segment
from .models import MANAGEMENT, plain_request


@dataclass(frozen=True)
class ManagementCall:
    """A call of the Management API before it is known which: the caller's options."""

    options: ClientOptions
    extra_headers: Hidden[Mapping[str, str | None] | None]
    timeout: TimeoutInput | NotGiven

    def architectures(self, organization: str) -> Request:
        return self._request("GET", f"{_organization(organization)}/models")

    def upload(
        self,
        organization: str,
        *,
        model_arch_id: str,
        weight_uri: str,
        version_aliases: Iterable[str] | None,
        system_fingerprint_suffix: str | None,
    ) -> Request:
        weights: dict[str, Any] = {"weight_uri": _text("weight_uri", weight_uri)}
        if version_aliases is not None:
            weights["version_aliases"] = _aliases(version_aliases)
        if system_fingerprint_suffix is not None:
            weights["system_fingerprint_suffix"] = system_fingerprint_suffix
        return self._request(
            "POST",
            f"{_organization(organization)}/models:upload",
            {"model_arch_id": _text("model_arch_id", model_arch_id), "model": weights},
        )

    def versions(self, organization: str, model_arch_id: str) -> Request:
        return self._request("GET", _versions(organization, model_arch_id))

    def version(
        self, method: str, organization: str, model_arch_id: str, version: int | str
    ) -> Request:
        return self._request(method, _version(organization, model_arch_id, version))

    def rename(
        self,
        organization: str,
        model_arch_id: str,
        version: int | str,
        version_aliases: Iterable[str],
    ) -> Request:
        path = _version(organization, model_arch_id, version)
        return self._request("PATCH", path, {"version_aliases": _aliases(version_aliases)})

    def endpoints(self, organization: str) -> Request:
        return self._request("GET", f"{_organization(organization)}/endpoints")

    def endpoint(self, endpoint_id: str) -> Request:
        return self._request("GET", _endpoint(endpoint_id))

    def deploy(self, endpoint_id: str, model: str) -> Request:
        path = f"{_endpoint(endpoint_id)}:deployModel"
        return self._request("POST", path, {"model": _text("model", model)})

    def _request(self, method: str, path: str, body: Any = None) -> Request:
        return plain_request(
            self.options,
            method,
            MANAGEMENT + path,
            body=body,
            extra_headers=self.extra_headers,
            timeout=self.timeout,
        )


def _organization(organization: str) -> str:
    return f"/orgs/{segment('organization', organization)}"


def _versions(organization: str, model_arch_id: str) -> str:
    arch = segment("model_arch_id", model_arch_id)
    return f"{_organization(organization)}/models/{arch}/versions"


def _version(organization: str, model_arch_id: str, version: int | str) -> str:
    number = isinstance(version, int) and not isinstance(version, bool)
    name = segment("version", str(version) if number else version)
    return f"{_versions(organization, model_arch_id)}/{name}"


def _endpoint(endpoint_id: str) -> str:
    return f"/endpoints/{segment('endpoint_id', endpoint_id)}"


def _text(name: str, value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise InvalidRequestError(f"{name} must be a text that is not empty")
    return value


def _aliases(aliases: Iterable[str]) -> list[str]:
    if isinstance(aliases, (str, bytes)) or not isinstance(aliases, Iterable):
        raise InvalidRequestError("version_aliases must be a list of texts")
    return [_text("each of version_aliases", alias) for alias in aliases]
