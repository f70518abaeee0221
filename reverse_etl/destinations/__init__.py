"""The destinations of weft.yml, and the types there are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from reverse_etl.destinations.kit.base import Destination
from reverse_etl.redact import Redactor, secrets_of
from warehouse.documents import Document, resolve_env_vars, validate
from warehouse.errors import ConfigurationError, UnknownNameError
from warehouse.project import Project

TYPES = {
    "active_campaign": "reverse_etl.destinations.active_campaign:ActiveCampaign",
    "airtable": "reverse_etl.destinations.airtable:Airtable",
    "amplitude": "reverse_etl.destinations.amplitude:Amplitude",
    "attio": "reverse_etl.destinations.attio:Attio",
    "braze": "reverse_etl.destinations.braze:Braze",
    "customer_io": "reverse_etl.destinations.customer_io:CustomerIo",
    "files": "reverse_etl.destinations.files:Files",
    "ga4": "reverse_etl.destinations.ga4:Ga4",
    "google_customer_match": "reverse_etl.destinations.google_customer_match:GoogleCustomerMatch",
    "google_sheets": "reverse_etl.destinations.google_sheets:GoogleSheets",
    "hubspot": "reverse_etl.destinations.hubspot:HubSpot",
    "intercom": "reverse_etl.destinations.intercom:Intercom",
    "iterable": "reverse_etl.destinations.iterable:Iterable",
    "kafka": "reverse_etl.destinations.kafka:Kafka",
    "klaviyo": "reverse_etl.destinations.klaviyo:Klaviyo",
    "linkedin": "reverse_etl.destinations.linkedin:LinkedIn",
    "mailchimp": "reverse_etl.destinations.mailchimp:Mailchimp",
    "meta": "reverse_etl.destinations.meta:Meta",
    "mixpanel": "reverse_etl.destinations.mixpanel:Mixpanel",
    "mysql": "reverse_etl.destinations.mysql:MySql",
    "notion": "reverse_etl.destinations.notion:Notion",
    "onesignal": "reverse_etl.destinations.onesignal:OneSignal",
    "pipedrive": "reverse_etl.destinations.pipedrive:Pipedrive",
    "postgres": "reverse_etl.destinations.postgres:Postgres",
    "posthog": "reverse_etl.destinations.posthog:PostHog",
    "redis": "reverse_etl.destinations.redis:Redis",
    "rudderstack": "reverse_etl.destinations.rudderstack:RudderStack",
    "salesforce": "reverse_etl.destinations.salesforce:Salesforce",
    "segment": "reverse_etl.destinations.segment:Segment",
    "sendgrid": "reverse_etl.destinations.sendgrid:SendGrid",
    "sftp": "reverse_etl.destinations.sftp:Sftp",
    "slack": "reverse_etl.destinations.slack:Slack",
    "snapchat": "reverse_etl.destinations.snapchat:Snapchat",
    "stripe": "reverse_etl.destinations.stripe:Stripe",
    "tiktok": "reverse_etl.destinations.tiktok:TikTok",
    "twilio": "reverse_etl.destinations.twilio:Twilio",
    "webhook": "reverse_etl.destinations.webhook:Webhook",
    "zendesk": "reverse_etl.destinations.zendesk:Zendesk",
}
"""Type of a destination: the module and class that describe it."""

ENTRY_POINTS = "weft.destinations"
"""The group of entry points under which other packages name theirs."""


@dataclass(frozen=True)
class DestinationEntry:
    """A destination as weft.yml has it.

    ``description`` holds the settings as they are written: a ``{{ env_var('…') }}`` in it is not
    resolved. Only ``open`` does that, when the destination is really to be reached.
    """

    name: str
    description: Destination
    values: Mapping[str, Any] = field(repr=False)
    document: Document = field(repr=False)

    def open(self) -> Destination:
        """The settings with every environment variable resolved.

        Raises ConfigurationError when one is not set.
        """
        values = resolve_env_vars(dict(self.values), f"destination {self.name!r}")
        return validate(type(self.description), values, self.document, ("destinations", self.name))

    def account(self) -> str | None:
        """The account, None while an environment variable that decides it is not set."""
        names = self.description.account_settings
        decisive = {name: self.values[name] for name in names if name in self.values}
        try:
            resolved = resolve_env_vars(decisive, f"destination {self.name!r}")
        except ConfigurationError:
            return None
        values = {**self.values, **resolved}
        return validate(
            type(self.description), values, self.document, ("destinations", self.name)
        ).account()

    def redactor(self, opened: Destination) -> Redactor:
        """What takes this destination's secrets out of a text."""
        return Redactor(secrets_of(opened, self.values))


def read_destinations(project: Project) -> dict[str, DestinationEntry]:
    """The destinations of weft.yml, checked without resolving an environment variable.

    Raises UnknownNameError for a type or setting that does not exist, ConfigurationError for a
    value that is not valid.
    """
    return {
        name: _read_entry(project.settings, name, values)
        for name, values in project.section("destinations").items()
    }


def destination_types() -> dict[str, str]:
    """Every type there is; those of other packages cannot take the name of one of ours."""
    theirs = {found.name: found.value for found in entry_points(group=ENTRY_POINTS)}
    return {**theirs, **TYPES}


def destination_type(name: str) -> type[Destination]:
    """The class that describes a type of destination; its module is imported only here.

    Raises KeyError for a type there is not, ConfigurationError for one that cannot be imported.
    """
    value = TYPES.get(name) or destination_types()[name]
    module, _, attribute = value.partition(":")
    try:
        found = getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise ConfigurationError(
            f"The destination type {name!r} cannot be imported from {value!r}: {error}; install "
            "the package it is in again."
        ) from None
    if not (isinstance(found, type) and issubclass(found, Destination)):
        raise ConfigurationError(
            f"The destination type {name!r} is no Destination: {value!r}; correct the entry point "
            "of its package."
        )
    return found


def _read_entry(document: Document, name: str, values: Any) -> DestinationEntry:
    location = ("destinations", name)
    place = document.place(location)
    if not isinstance(values, dict):
        raise ConfigurationError(f"{place}: destination {name!r} must be a mapping of settings.")
    if "type" not in values:
        raise ConfigurationError(f"{place} lacks the setting destinations.{name}.type.")
    type_name = str(values["type"])
    if type_name not in TYPES and type_name not in (known := destination_types()):
        where = document.place((*location, "type"))
        raise UnknownNameError("destination type", type_name, known, where)
    description = validate(destination_type(type_name), values, document, location)
    return DestinationEntry(name, description, values, document)
