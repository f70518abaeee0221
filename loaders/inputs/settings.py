"""What a source of weft.yml says about the format of its files."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from loaders.inputs.formats import Column, Format, Input, check_input


def _as_mapping(value: object) -> object:
    return {"column": value} if isinstance(value, str) else value


class ColumnSettings(BaseModel):
    """A column of a Parquet or CSV file, by its name alone or with the type of its text."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    column: str
    type: Literal["string", "number", "boolean", "json"] | None = None


class InputSettings(BaseModel):
    """The part of a source that tells how its files hold its events.

    ``columns`` maps fields of an event to columns of a Parquet or CSV file; ``type`` and ``event``
    are those of every row.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Format = "ndjson"
    columns: dict[str, Annotated[ColumnSettings, BeforeValidator(_as_mapping)]] = Field(
        default_factory=dict
    )
    type: Literal["track", "identify", "page", "screen", "group", "alias"] | None = None
    event: str | None = None

    @property
    def input(self) -> Input:
        """How the files hold their events."""
        columns = {name: Column(one.column, one.type) for name, one in self.columns.items()}
        constants = {"type": self.type, "event": self.event}
        given = {name: text for name, text in constants.items() if text is not None}
        return Input(self.format, columns, given)

    @model_validator(mode="after")
    def _check_input(self) -> Self:
        check_input(self.input)
        return self
