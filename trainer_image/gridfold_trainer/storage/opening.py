"""Which store a URI lives in, with which credentials and certificates, as the environment of the process says."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from gridfold.api.handoff import (
    ALLOWED_ENDPOINTS_VARIABLE,
    CA_BUNDLE_KEY,
    CA_BUNDLE_VARIABLE,
    CREDENTIALS_VARIABLE,
    SOURCE_BYTES_VARIABLE,
    SOURCE_CA_BUNDLES_VARIABLE,
    SOURCE_CREDENTIALS_VARIABLE,
)
from gridfold.api.v1alpha1 import Source, Storage
from gridfold.domain.endpoints import PUBLIC, AllowedEndpoint, parse_allowed
from gridfold_trainer.errors import AccessDeniedError, StorageRefusedError
from gridfold_trainer.storage.addresses import CLUSTER_STORAGE, CLUSTER_WEB, LAPTOP, AddressRules
from gridfold_trainer.storage.context import SOURCE_BYTES
from gridfold_trainer.storage.downloads import Patience
from gridfold_trainer.storage.patient_store import PatientSource, PatientStore
from gridfold_trainer.storage.stores import ObjectStore, RoutedStore, SourceStore
from gridfold_trainer.storage.waiting import Waiting


@dataclass(frozen=True)
class StoreAccess:
    """What a process was given to reach stores with."""

    base_folder: Path | None  #: of file: URIs; None in a cluster
    credentials: Path | None = None  #: folder of the Secret of spec.storage
    ca_bundle: Path | None = None  #: file of the ConfigMap of spec.storage; on a laptop for all stores
    source_credentials: Path | None = None  #: folder of folders, by Secret
    source_ca_bundles: Path | None = None  #: folder of folders, by ConfigMap
    source_bytes: int = SOURCE_BYTES
    allowed: tuple[AllowedEndpoint, ...] = parse_allowed([PUBLIC])  #: on a laptop all endpoints are
    waiting: Waiting = Waiting()  # noqa: RUF009 (frozen)

    @classmethod
    def of_environment(cls, environment: Mapping[str, str], base_folder: Path | None) -> "StoreAccess":
        """Return what the environment says.

        Raises:
            StorageRefusedError: the limit of a source is no number, or an allowed endpoint is none.
        """

        def path(name: str) -> Path | None:
            return Path(environment[name]) if environment.get(name) else None

        limit = environment.get(SOURCE_BYTES_VARIABLE) or str(SOURCE_BYTES)
        if not limit.isdecimal() or int(limit) == 0:
            raise StorageRefusedError(f"{SOURCE_BYTES_VARIABLE} is {limit!r}; expected a number of bytes above 0.")
        named = environment.get(ALLOWED_ENDPOINTS_VARIABLE, PUBLIC)
        try:
            allowed = parse_allowed(entry for entry in named.split(",") if entry)
        except ValueError as error:
            raise StorageRefusedError(f"{ALLOWED_ENDPOINTS_VARIABLE}: {error}.") from error
        return cls(
            base_folder,
            path(CREDENTIALS_VARIABLE),
            path(CA_BUNDLE_VARIABLE),
            path(SOURCE_CREDENTIALS_VARIABLE),
            path(SOURCE_CA_BUNDLES_VARIABLE),
            int(limit),
            allowed,
        )

    @property
    def in_cluster(self) -> bool:
        """Tell whether this is a pod and not somebody's own machine."""
        return self.base_folder is None

    @property
    def patience(self) -> Patience:
        """Return how long servers are waited for."""
        return Patience(waiting=self.waiting)

    def storage_rules(self, storage: Storage) -> AddressRules:
        """Return where object storage may be. Whose endpoint no spec names is the cloud's, or the platform's."""
        if not self.in_cluster:
            return LAPTOP
        return CLUSTER_STORAGE if storage.endpoint is None else self._by_the_list

    @property
    def web_rules(self) -> AddressRules:
        """Return where https:// sources may be."""
        return self._by_the_list if self.in_cluster else LAPTOP

    @property
    def _by_the_list(self) -> AddressRules:
        return replace(CLUSTER_WEB, allowed=self.allowed)


def open_store(storage: Storage, access: StoreAccess) -> ObjectStore:
    """Return the store for all URIs of a job's output, and of sources that name no other."""

    def s3() -> ObjectStore:
        from gridfold_trainer.storage.s3_store import Access, S3Store

        reached = Access(access.credentials, access.ca_bundle, access.storage_rules(storage), access.patience)
        return PatientStore(S3Store(storage, reached), access.waiting)

    def file() -> ObjectStore:
        from gridfold_trainer.storage.file_store import FileStore

        return FileStore(access.base_folder)

    return RoutedStore({"s3": s3, "file": file})


class SourceStores:
    """The store of each source; sources of the same storage share one."""

    def __init__(self, storage: Storage, store: ObjectStore, access: StoreAccess) -> None:
        self._storage, self._store, self._access = storage, store, access
        self._made: dict[str, SourceStore] = {}

    def __call__(self, source: Source) -> SourceStore:
        """Return the store of a source."""
        scheme = source.uri.partition(":")[0]
        if scheme == "file" or (scheme == "s3" and source.storage is None):
            return self._store
        storage = source.storage or self._storage
        key = f"{scheme} {storage.model_dump_json()}"
        if key not in self._made:
            self._made[key] = self._web(source) if scheme == "https" else self._s3(storage)
        return self._made[key]

    def _web(self, source: Source) -> SourceStore:
        from gridfold_trainer.storage.http_store import HttpStore, Web

        bundle = self._ca_bundle(source.storage) if source.storage else self._access.ca_bundle
        return PatientSource(
            HttpStore(Web(self._access.web_rules, bundle, self._access.patience)), self._access.waiting
        )

    def _s3(self, storage: Storage) -> SourceStore:
        from gridfold_trainer.storage.s3_store import Access, S3Store

        credentials, bundle = self._credentials(storage), self._ca_bundle(storage)
        access = Access(credentials, bundle, self._access.storage_rules(storage), self._access.patience)
        return PatientStore(S3Store(storage, access), self._access.waiting)

    def _credentials(self, storage: Storage) -> Path | None:
        """Return the folder of a source's own Secret; never that of spec.storage, unless it is the same one."""
        name = storage.credentials_secret_name
        if name is None:
            return None
        if name == self._storage.credentials_secret_name:
            return self._access.credentials
        folder = self._access.source_credentials
        if folder is not None and (folder / name).is_dir():
            return folder / name
        if self._access.in_cluster:
            raise AccessDeniedError(f"Secret {name} of a source is not mounted; does it exist in this namespace?")
        return None

    def _ca_bundle(self, storage: Storage) -> Path | None:
        name = storage.ca_bundle_config_map_name
        if name is None or name == self._storage.ca_bundle_config_map_name or not self._access.in_cluster:
            same = name is not None or not self._access.in_cluster
            return self._access.ca_bundle if same else None
        folder = self._access.source_ca_bundles
        if folder is not None and (folder / name / CA_BUNDLE_KEY).is_file():
            return folder / name / CA_BUNDLE_KEY
        raise StorageRefusedError(
            f"ConfigMap {name} of a source is not mounted, or has no key {CA_BUNDLE_KEY}; does it exist in this "
            f"namespace?"
        )
