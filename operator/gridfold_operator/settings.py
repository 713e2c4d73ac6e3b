"""What the platform team has configured: one mounted YAML file, rendered from the chart's values."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

import yaml
from pydantic import Field, ValidationError, field_validator, model_validator

from gridfold.api.estimator_names import PREFIX_PATTERN, SCIKIT_LEARN, is_below
from gridfold.api.v1alpha1 import DEFAULT_TRAINER
from gridfold.api.v1alpha1.fields import TrainerName
from gridfold.domain.tenancy.settings import TenancySettings, TrainerEndpoints
from gridfold.domain.tenancy.soundness import unfit_defaults
from gridfold_operator.capacity_settings import CapacitySettings, TaintSettings
from gridfold_operator.log import LogFormat
from gridfold_operator.settings_model import SettingsModel

SETTINGS_VARIABLE = "GRIDFOLD_SETTINGS"


class SettingsError(ValueError):
    """The settings cannot be used; the message has every reason."""


class SourceSettings(SettingsModel):
    """What the sources of a job may be."""

    max_bytes: Annotated[int, Field(ge=1)] | None = (
        None  #: of one source, decompressed too; none: the trainer's default
    )


Image = Annotated[str, Field(min_length=1, max_length=1024)]


class TrainerSettings(SettingsModel):
    """How the pods of the trainer are made."""

    image: Image  #: which has the name default
    #: Others that a job may name in spec.execution.trainer.
    images: Mapping[TrainerName, Image] = Field(default_factory=dict)
    image_pull_policy: Literal["Always", "IfNotPresent", "Never"] = "IfNotPresent"
    image_pull_secrets: tuple[str, ...] = ()
    sources: SourceSettings = Field(default_factory=SourceSettings)
    #: All that pods may connect to. None: the internet, and the Services of the job's own namespace.
    allowed_endpoints: TrainerEndpoints = ()
    #: Packages or modules, such as lightgbm, whose classifiers and regressors a job may name beside scikit-learn's;
    #: the image has them installed.
    estimator_prefixes: Annotated[
        tuple[Annotated[str, Field(max_length=256, pattern=PREFIX_PATTERN)], ...], Field(max_length=256)
    ] = ()
    #: Further variables of every trainer pod, such as OPENBLAS_CORETYPE.
    env: Mapping[str, str] = Field(default_factory=dict)
    #: Taints of the nodes that a job has for itself, by provider. Not from here: those of `capacity.providers`.
    node_taints: Annotated[Mapping[str, tuple[TaintSettings, ...]], Field(exclude=True)] = Field(default_factory=dict)

    @field_validator("images")
    @classmethod
    def _check_images(cls, images: Mapping[str, str]) -> Mapping[str, str]:
        if DEFAULT_TRAINER in images:
            raise ValueError(f"{DEFAULT_TRAINER} is the name of trainer.image; give this image another name")
        return images

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of all images."""
        return (DEFAULT_TRAINER, *self.images)

    def image_of(self, name: str) -> str:
        """Return the image of a name, "" where there is none."""
        return self.image if name == DEFAULT_TRAINER else self.images.get(name, "")


class KueueSettings(SettingsModel):
    """What of Kueue there is."""

    enabled: bool = False  #: whether the operator may read Workloads, to tell why a queue does not admit a Job


class LeaderElectionSettings(SettingsModel):
    """How operators that serve the same namespaces find out which of them acts."""

    #: Where the Lease is of an operator that serves all namespaces. The same of all of them, or they do not meet.
    namespace: Annotated[str, Field(min_length=1, max_length=63)] = "kube-system"
    #: After which another one takes over from a leader that is not seen any more.
    lease_seconds: Annotated[int, Field(ge=5, le=300)] = 15


class OperatorSettings(SettingsModel):
    """The operator's settings."""

    trainer: TrainerSettings
    tenancy: TenancySettings = Field(default_factory=TenancySettings)
    kueue: KueueSettings = Field(default_factory=KueueSettings)
    capacity: CapacitySettings = Field(default_factory=CapacitySettings)
    leader_election: LeaderElectionSettings = Field(default_factory=LeaderElectionSettings)
    watch_namespaces: tuple[str, ...] = ()  #: none: the whole cluster
    #: Every job that has not ended is looked at again after this time, ± 20 %, whatever events say.
    resync_seconds: Annotated[float, Field(ge=1, le=3600)] = 60.0
    workers: Annotated[int, Field(ge=1, le=256)] = 16  #: reconciles side by side
    probe_port: Annotated[int, Field(ge=0, le=65535)] = 8080  #: 0: any free one
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: LogFormat = "JSON"

    @model_validator(mode="after")
    def _check_packages(self) -> Self:
        """A namespace may use fewer packages than the trainer's pods know, but they would refuse it others."""
        known = self.trainer.estimator_prefixes
        for prefix, setting in self.tenancy.estimator_prefixes().items():
            if not any(is_below(prefix, package) for package in (SCIKIT_LEARN, *known)):
                named = ", ".join(known) or "none"
                raise ValueError(
                    f"{setting} has {prefix}, which is not among trainer.estimatorPrefixes ({named}): name it there, "
                    "too, or take it out"
                )
        return self

    @model_validator(mode="after")
    def _check_defaults(self) -> Self:
        if found := list(unfit_defaults(self.tenancy, self.trainer.names)):
            raise ValueError("; ".join(found))
        return self

    @property
    def pods(self) -> TrainerSettings:
        """Return how the pods of the trainer are made, which know the nodes that a job may have for itself."""
        taints = {provider.name: provider.taints for provider in self.capacity.providers}
        return self.trainer.model_copy(update={"node_taints": taints})


def load_settings(path: str | None) -> OperatorSettings:
    """Return the settings of a file; without a path, of the file that GRIDFOLD_SETTINGS names.

    Raises:
        SettingsError: with every reason.
    """
    chosen = path or os.environ.get(SETTINGS_VARIABLE)
    if not chosen:
        raise SettingsError(f"no settings: name the file with --settings or the variable {SETTINGS_VARIABLE}")
    try:
        document = yaml.safe_load(Path(chosen).read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"the settings {chosen} cannot be read: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise SettingsError(f"the settings {chosen} are no YAML: {error}") from error
    try:
        return OperatorSettings.model_validate(document)
    except ValidationError as error:
        problems = (
            f"{'.'.join(map(str, found['loc'])) or 'the file'}: {found['msg']} (seen: {str(found['input'])[:100]})"
            for found in error.errors(include_url=False)
        )
        raise SettingsError(f"the settings {chosen} are not valid: {'; '.join(problems)}") from error
